//! Ports that stay the same while a component is killed and restarted.
//!
//! They lie below the range from which the system assigns ports, so no other socket takes one while its component is
//! down. A block of ports belongs to the test process that listens on the block's first port.

use std::{
    net::{Ipv4Addr, TcpListener, TcpStream},
    ops::Range,
    sync::{Mutex, PoisonError},
};

const FIRST: u16 = 12_000;
const LAST: u16 = 32_000;
const BLOCK: u16 = 100;

struct Block {
    /// Held for as long as the test process lives.
    _claim: TcpListener,
    free: Range<u16>,
}

static BLOCKS: Mutex<Vec<Block>> = Mutex::new(Vec::new());

/// Returns a port of 127.0.0.1 on which no program listens, and which no other test gets.
///
/// # Panics
/// Panics if all ports from 12,000 to 32,000 are taken.
#[must_use]
pub fn free_port() -> u16 {
    let mut blocks = BLOCKS.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        if let Some(block) = blocks.last_mut()
            && let Some(port) = block.free.find(|port| !is_listened_on(*port))
        {
            return port;
        }
        let claimed = (FIRST..LAST).step_by(BLOCK.into()).find_map(|first| {
            let claim = TcpListener::bind((Ipv4Addr::LOCALHOST, first)).ok()?;
            Some(Block { _claim: claim, free: first + 1..first + BLOCK })
        });
        blocks.push(claimed.expect("a free block of ports"));
    }
}

/// Returns whether a program listens on a port of 127.0.0.1.
///
/// It connects. A test that listened in order to find out would hand its socket to each program that another thread
/// starts at that moment. The port would then be taken for as long as that program needs to begin.
#[must_use]
pub fn is_listened_on(port: u16) -> bool {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}
