//! The upgrade check on instances that are open on a server: one that waits, and one that is parked and continues
//! another run.

use std::path::Path;

use process_manager::{instance::Status, manager::ProcessManager};
use process_manager_host::upgrade::{Report, UpgradeCheck, UpgradeError, Verdict};
use tempfile::TempDir;
use test_support::eventually;

use super::{
    probe::Step,
    versions::{First, Longer, Second, Stuck},
    world::{Receiver, World},
};

#[tokio::test(flavor = "multi_thread")]
async fn open_instances_are_downloaded_and_checked_against_other_code() {
    let mut world = World::without_worker().await;
    world.host::<First>().await;
    world.recorder.answer("old-two", &[Receiver::Refuses]);
    let first = world.append(Step::start("waiting", "one"));
    world.handled_by::<First>(&first).await;
    for name in ["three", "two"] {
        world.append(Step::start("parked", name));
    }
    let is_parked = async || match world.view_of::<First>("parked").await {
        Some(view) if view.status == Status::Parked => Ok(()),
        other => Err(other),
    };
    eventually("it is parked", is_parked).await;

    let folder = downloaded(&world).await;
    let check = UpgradeCheck::new().manager::<First>();
    let again = check.download(world.server.client(), folder.path(), 10).await;
    assert!(matches!(again, Err(UpgradeError::NotEmpty(_))), "{again:?}");
    let sample = tempfile::tempdir().unwrap();
    let some = check.download(world.server.client(), sample.path(), 1).await.unwrap();
    assert!(some.iter().any(|it| (it.histories, it.open) == (1, 2)), "{some:?}");

    assert_eq!(check.record(folder.path()).unwrap(), 3);
    assert_eq!(found::<First>(folder.path()).1, []);
    assert_eq!(found::<Longer>(folder.path()).1, [], "a field with a default is no difference");
    let (report, second) = found::<Second>(folder.path());
    // It treats a state that it wrote itself differently from one that the first code wrote.
    let another = (Verdict::DecidesOtherwise, "apply(Happened): another state".to_owned());
    let more = (Verdict::NewVersion, "handle(Happened): Do, Do in the place of Do".to_owned());
    assert_eq!(second, [another, more], "{report}");
    let migrated = "from    {\"handled\":[\"three\"]}\n      to      {\"count\":1}";
    let text = report.to_string();
    assert!(text.contains(migrated) && text.contains("next    the one is migrated to {\"count\":1}"), "{text}");
    // If the second code is already deployed, it changes nothing.
    check_deployed_second(folder.path());
    let (report, stuck) = found::<Stuck>(folder.path());
    let why = "the state of version 1 cannot be migrated: it panicked: the test wants it";
    let cannot = format!("its state cannot be read by the code of version 2: {why}");
    assert_eq!((stuck, report.exit_code()), (vec![(Verdict::CannotContinue, cannot)], 2), "{report}");
    assert!(report.to_string().contains("Versioned: 2 instances (parked, waiting)"), "{report}");
}

/// Downloads both instances, and the subscription.
async fn downloaded(world: &World) -> TempDir {
    let check = UpgradeCheck::new().manager::<First>();
    let downloaded = async || {
        let folder = tempfile::tempdir().unwrap();
        let all = check.download(world.server.client(), folder.path(), 10).await.unwrap();
        let number = |of: &str| all.iter().find(|it| it.workflow_type == of).map(|it| (it.histories, it.open));
        let is_whole = (number("Versioned"), number("Subscription")) == (Some((2, 2)), Some((1, 1)));
        if is_whole { Ok(folder) } else { Err(all) }
    };
    eventually("the list shows them", downloaded).await
}

fn found<M: ProcessManager>(folder: &Path) -> (Report, Vec<(Verdict, String)>) {
    let report = UpgradeCheck::new().manager::<M>().check(folder).unwrap();
    let found = report.findings().map(|(_, _, finding)| (finding.verdict, finding.what.clone())).collect();
    (report, found)
}

fn check_deployed_second(folder: &Path) {
    UpgradeCheck::new().manager::<Second>().record(folder).unwrap();
    assert_eq!(found::<Second>(folder).1, []);
}
