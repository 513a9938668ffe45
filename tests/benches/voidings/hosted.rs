//! The worker of the rows a to e, seen from this side.

use std::{
    collections::HashMap,
    env,
    fs::File,
    process::Stdio,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tests::Env;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    sync::{Mutex as AsyncMutex, oneshot},
};

use crate::{
    host::{ARGUMENT, Order, Told},
    kinds::Kind,
};

/// A separate process that ends with this value, and with this program however that ends.
pub(crate) struct Hosted {
    process: Child,
    orders: AsyncMutex<ChildStdin>,
    starts: Arc<Starts>,
}

/// The unanswered starts, by number.
#[derive(Default)]
struct Starts(Mutex<HashMap<usize, oneshot::Sender<Result<(), String>>>>);

impl Hosted {
    /// Returns when the worker polls.
    pub(crate) async fn start(env: &Env, services: &str) -> Self {
        let (address, namespace) = (format!("http://{}", env.temporal().address()), env.temporal().namespace());
        let log = File::create(env.dir().join("worker.log")).unwrap();
        let mut process = Command::new(env::current_exe().unwrap())
            .args([ARGUMENT, &address, namespace, services])
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let orders = AsyncMutex::new(process.stdin.take().unwrap());
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let first = next(&mut lines).await;
        assert!(matches!(first, Some(Told::Ready)), "{first:?}");
        let starts = Arc::new(Starts::default());
        tokio::spawn(read(lines, Arc::clone(&starts)));
        Self { process, orders, starts }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id().unwrap()
    }

    /// Has a workflow started by the worker.
    pub(crate) async fn begin(&self, kind: Kind, number: usize) {
        let (sender, answer) = oneshot::channel();
        self.starts.lock().insert(number, sender);
        let mut line = serde_json::to_vec(&Order { number, kind }).unwrap();
        line.push(b'\n');
        {
            let mut orders = self.orders.lock().await;
            orders.write_all(&line).await.unwrap();
            orders.flush().await.unwrap();
        }
        answer.await.unwrap().unwrap();
    }
}

impl Starts {
    fn lock(&self) -> MutexGuard<'_, HashMap<usize, oneshot::Sender<Result<(), String>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn read(mut lines: Lines<BufReader<ChildStdout>>, starts: Arc<Starts>) {
    while let Some(told) = next(&mut lines).await {
        if let Told::Started { number, outcome } = told
            && let Some(waits) = starts.lock().remove(&number)
        {
            let _ = waits.send(outcome);
        }
    }
    // Those who still wait learn that there is no worker.
    starts.lock().clear();
}

async fn next(lines: &mut Lines<BufReader<ChildStdout>>) -> Option<Told> {
    let line = lines.next_line().await.ok()??;
    Some(serde_json::from_str(&line).unwrap())
}
