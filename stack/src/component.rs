//! A part of the stack that runs as a task: start, watch and stop.

use std::{future::Future, time::Duration};

use futures::future::select_all;
use tokio::{task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

/// A running task with a name and a shutdown token.
#[derive(Debug)]
pub(crate) struct Component {
    name: &'static str,
    shutdown: CancellationToken,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Component {
    /// Starts the future that `run` makes from a shutdown token.
    pub(crate) fn spawn<R>(name: &'static str, run: impl FnOnce(CancellationToken) -> R) -> Self
    where
        R: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(run(shutdown.clone()));
        Self { name, shutdown, task }
    }

    /// Returns the name of the component.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Requests the end and waits for it. After `limit` the task is aborted.
    pub(crate) async fn stop(mut self, limit: Duration) {
        self.shutdown.cancel();
        match timeout(limit, &mut self.task).await {
            Ok(Ok(Ok(()))) => (),
            Ok(Ok(Err(error))) => tracing::warn!("{} ended with an error: {error:#}", self.name),
            Ok(Err(error)) => tracing::warn!("{} ended with an error: {error}", self.name),
            Err(_) => {
                tracing::warn!("{} did not end within {} s and is aborted", self.name, limit.as_secs());
                self.task.abort();
            }
        }
    }
}

/// Waits until a component ends unexpectedly, removes it from the list, and returns its name and the reason. Never
/// returns for an empty list.
pub(crate) async fn any_ended(components: &mut Vec<Component>) -> String {
    if components.is_empty() {
        return std::future::pending().await;
    }
    let (ended, index, _) = select_all(components.iter_mut().map(|component| &mut component.task)).await;
    let name = components.remove(index).name;
    match ended {
        Ok(Ok(())) => format!("{name} ended unexpectedly"),
        Ok(Err(error)) => format!("{error:#}"),
        Err(error) => format!("{name} ended unexpectedly ({error})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patient(name: &'static str) -> Component {
        Component::spawn(name, |shutdown| async move {
            shutdown.cancelled().await;
            Ok(())
        })
    }

    #[tokio::test]
    async fn the_one_that_ends_is_named_and_the_others_go_on() {
        let mut components = vec![patient("a"), Component::spawn("b", |_| async { panic!("oh") }), patient("c")];
        let ended = any_ended(&mut components).await;
        assert!(ended.starts_with("b ended unexpectedly"), "{ended}");
        assert_eq!(components.iter().map(Component::name).collect::<Vec<_>>(), ["a", "c"]);
        assert!(components.iter().all(|component| !component.task.is_finished()));
    }

    #[tokio::test]
    async fn one_that_does_not_listen_is_dropped_in_time() {
        let deaf = Component::spawn("deaf", |_| std::future::pending());
        deaf.stop(Duration::from_millis(20)).await;
        patient("polite").stop(Duration::from_secs(3)).await;
    }
}
