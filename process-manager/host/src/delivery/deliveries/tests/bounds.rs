//! Bounds of a turn: how far it reads ahead, how many instances it is busy with, and how long it waits for one.

use super::*;

#[tokio::test]
async fn so_many_entries_are_read_ahead_of_an_instance_that_cannot_be_delivered_to() {
    let target = Target { faulty: Mutex::new(["a"].into()), ..Target::default() };
    let mut deliveries = deliveries(&target, Terms::default(), vec![entry(1, "s", &["a"])]);
    let others = |from| (from..from + 1_000).map(|position| entry(position, "s", &["b"])).collect();
    let mut position = 2;
    while deliveries.has_room() {
        deliveries.take(others(position));
        position += 1_000;
        stay(&mut deliveries, || target.taken("b").last() == Some(&(position - 1))).await;
    }
    assert_eq!(deliveries.window.len(), 5_001);
    // One entry less leaves room.
    let mut deliveries = Deliveries::<Routes, _>::new(&target, Terms::default());
    (1..=4_999).for_each(|position| deliveries.window.open(&entry(position, "s", &["a"]), 1, 0));
    assert!(deliveries.has_room());
    deliveries.window.open(&entry(5_000, "s", &["a"]), 1, 0);
    assert!(!deliveries.has_room());
}

#[tokio::test]
async fn so_many_bytes_are_read_ahead() {
    let target = Target::default();
    for (bytes, has_room) in [(64 * 1024 * 1024 - 1, true), (64 * 1024 * 1024, false)] {
        let mut deliveries = Deliveries::<Routes, _>::new(&target, Terms::default());
        deliveries.window.open(&entry(1, "s", &["a"]), 1, bytes);
        assert_eq!(deliveries.has_room(), has_room, "{bytes} bytes");
    }
}

#[tokio::test]
async fn so_many_instances_are_delivered_to_or_retried_at_a_time() {
    let names: &[String] = (0..140).map(|number| format!("i{number}")).collect::<Vec<_>>().leak();
    let faulty = Mutex::new(names.iter().map(String::as_str).collect());
    let target = Target { faulty, ..Target::default() };
    let entries = (1..).zip(names).map(|(position, name)| entry(position, "s", &[name])).collect();
    let mut deliveries = deliveries(&target, Terms::default(), entries);
    let tried = |times| names.iter().filter(|name| target.attempts(name) >= times).count();
    // Those that are retried beside the line have been tried before; those in the line are tried again and again as well.
    stay(&mut deliveries, || tried(4) == 132).await;
    assert_eq!(tried(1), 132, "the others wait for their turn");
    assert_eq!(deliveries.shared.terms.retrying.borrow().len(), 10, "so many are named");
    target.faulty.lock().unwrap().clear();
    pass(&mut deliveries, 140).await;
}

#[tokio::test]
async fn the_position_passes_an_instance_that_takes_too_long_to_settle() {
    let terms = Terms::default();
    assert_eq!((terms.give_up_after, terms.settle_within), (Duration::from_secs(120), Duration::from_secs(120)));
    let target = Target { unsettled: Some("a"), ..Target::default() };
    let terms = Terms { settle_within: Duration::ZERO, ..terms };
    let mut deliveries = deliveries(&target, terms, vec![entry(1, "s", &["a"]), entry(2, "s", &["a"])]);
    pass(&mut deliveries, 2).await;
}
