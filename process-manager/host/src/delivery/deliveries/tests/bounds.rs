//! Limits of a turn: how far it reads ahead, how many instances it delivers to at once, and how long it waits for one.

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
    // Events that are not routed yet count as well.
    let large = entry(1, &"s".repeat(1024 * 1024), &["a"]);
    let mut deliveries = Deliveries::<Routes, _>::new(&target, Terms::default());
    deliveries.take(vec![large.clone(); 63]);
    assert!(deliveries.has_room());
    deliveries.take(vec![large]);
    assert!(!deliveries.has_room());
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("i{number}")).collect()
}

#[tokio::test]
async fn so_many_instances_are_delivered_to_at_a_time_and_those_that_are_retried_are_not_in_the_way() {
    let names: &[String] = names(140).leak();
    let faulty = Mutex::new(names.iter().map(String::as_str).collect());
    let target = Target { faulty, ..Target::default() };
    let entries = (1..).zip(names).map(|(position, name)| entry(position, "s", &[name]));
    let mut deliveries = deliveries(&target, Terms::default(), entries.chain([entry(141, "s", &["b"])]).collect());
    let are_tried = |times| names.iter().all(|name| target.attempts(name) >= times);
    stay(&mut deliveries, || are_tried(4) && target.taken("b") == [141]).await;
    assert_eq!(target.most_in_hand.load(Ordering::SeqCst), 32);
    assert_eq!(deliveries.shared.terms.retrying.borrow().len(), 10, "so many are named");
    target.faulty.lock().unwrap().clear();
    pass(&mut deliveries, 141).await;
}

#[tokio::test]
async fn instances_about_which_retry_is_always_answered_are_not_in_the_way_and_show() {
    let refused = (1..=140).collect();
    let target = Target { refused, ..Target::default() };
    let names = names(140);
    let entries = (1..).zip(&names).map(|(position, name)| entry(position, "retry", &[name]));
    let mut deliveries = deliveries(&target, Terms::default(), entries.chain([entry(141, "s", &["b"])]).collect());
    let are_tried = |times| names.iter().all(|name| target.attempts(name) >= times);
    stay(&mut deliveries, || are_tried(7) && target.taken("b") == [141]).await;
    let shown = deliveries.shared.terms.retrying.borrow().clone();
    assert!(shown.len() == 10 && shown.iter().all(|it| it.why.contains("too large")), "{shown:?}");
}

#[tokio::test]
async fn an_event_that_cannot_be_routed_is_retried_by_later_turns_which_the_state_tells() {
    let target = Target::default();
    let mut unreadable = entry(2, "retry", &["a"]);
    if let FeedEvent::Event(event) = &mut unreadable {
        event.data = json!({"ids": 7});
    }
    let later = |attempt| Terms { attempt, ..Terms::default() };
    for (before, expected) in [(0, 6), (6, 7), (20, 21)] {
        let mut deliveries = deliveries(&target, later(before), vec![unreadable.clone()]);
        let interrupted = timeout(SOON, deliveries.advance()).await.unwrap().unwrap_err();
        let Interrupted::RetryAfter(pause, attempt) = interrupted else { panic!("{interrupted:?}") };
        assert_eq!((attempt, pause), (expected, retry_pause(expected)));
    }
}

#[tokio::test]
async fn an_event_for_20_000_instances_is_handed_out_in_bounded_numbers_and_once_to_each() {
    let target = Target::default();
    let entries = vec![entry(1, "many", &[]), entry(2, "s", &["b"])];
    let mut deliveries = deliveries(&target, Terms::default(), entries);
    pass(&mut deliveries, 2).await;
    assert_eq!(target.most_in_hand.load(Ordering::SeqCst), 32);
    let attempts = target.attempts.lock().unwrap();
    assert!(attempts.len() == 20_001 && attempts.values().all(|attempts| *attempts == 1));
}

#[tokio::test]
async fn deliveries_count_among_the_bytes_that_are_ahead_and_nothing_is_routed_beyond_them() {
    let target = Target::default();
    let names = names(20);
    let ids: Vec<_> = names.iter().map(String::as_str).collect();
    let mut deliveries = Deliveries::<Routes, _>::new(&target, Terms::default());
    deliveries.window.open(&entry(1, "s", &["a"]), 1, 64 * 1024 * 1024 - 20 * 1024);
    deliveries.take(vec![entry(2, "s", &ids), entry(3, "s", &["b"])]);
    assert!(deliveries.has_room());
    stay(&mut deliveries, || names.iter().all(|name| target.taken(name) == [2])).await;
    assert!(!deliveries.has_room());
    assert_eq!((deliveries.unrouted.len(), target.attempts("b")), (1, 0));
    deliveries.window.done(1);
    pass(&mut deliveries, 3).await;
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
