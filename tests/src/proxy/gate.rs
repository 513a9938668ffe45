//! Holds a request until the test lets it go.

use std::sync::Arc;

use tokio::sync::watch;

/// Holds requests until it is opened. Clones share one gate.
#[derive(Debug, Clone)]
pub struct Gate {
    held: Arc<watch::Sender<usize>>,
    open: Arc<watch::Sender<bool>>,
}

impl Default for Gate {
    fn default() -> Self {
        Self { held: Arc::new(watch::channel(0).0), open: Arc::new(watch::channel(false).0) }
    }
}

impl Gate {
    /// Waits until a request is held here.
    ///
    /// # Panics
    /// Panics if none has come after a [`STALL`](crate::STALL).
    pub async fn held(&self) {
        let mut held = self.held.subscribe();
        let _ = crate::within_a_stall("a request at the gate", held.wait_for(|held| *held > 0)).await;
    }

    /// Lets go what is held, and everything that comes later.
    pub fn open(&self) {
        self.open.send_replace(true);
    }

    pub(super) async fn pass(&self) {
        self.held.send_modify(|held| *held += 1);
        let mut open = self.open.subscribe();
        let _ = open.wait_for(|open| *open).await;
    }
}
