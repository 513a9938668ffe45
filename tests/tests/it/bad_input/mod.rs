//! Bad input: hostile requests to every route, signals and starts of every shape. Each is refused, and changes nothing.

mod bodies;
mod forms;
mod layer;
mod params;
mod routes;
mod rows;
mod signals;
mod state;
mod system;
mod updates;
mod wire;

use std::collections::BTreeMap;

use futures::{StreamExt, stream};
use messages::voiding::VoidingState;
use tests::{Component, Env, PostgresServer, binaries, within_a_stall};

use self::{
    routes::Route,
    rows::Row,
    system::System,
    wire::{Received, exchange},
};

/// Maximum number of requests in flight.
const AT_ONCE: usize = 24;
/// Minimum number of hostile requests for a described route.
const LEAST: usize = 50;
/// Number of attempts for a request that meets a busy program.
const ATTEMPTS: usize = 20;

#[tokio::test]
async fn hostile_requests_signals_and_starts_are_refused_and_change_nothing_on_sqlite() {
    let system = Box::pin(System::start(Env::builder(binaries!()))).await;
    requests_change_nothing(&system, true).await;
    signals::change_nothing(&system).await;
    signals::starts_change_nothing(&system.env).await;
    goes_on(&system.env).await;
}

#[tokio::test]
async fn hostile_requests_are_refused_and_change_nothing_on_postgres() {
    let Some(server) = PostgresServer::shared("bad_input") else { return };
    let system = Box::pin(System::start(Env::builder(binaries!()).postgres(server))).await;
    requests_change_nothing(&system, false).await;
    goes_on(&system.env).await;
}

/// Each form of the console has rows, as does each route of an OpenAPI document.
#[test]
fn the_table_has_each_form_of_the_console() {
    let paths = include_str!("../../../../console/src/paths.rs");
    let mut known: Vec<_> = paths.split('"').filter(|text| text.starts_with("/console/")).collect();
    known.retain(|path| *path != "/console/events");
    assert_eq!(forms::FORMS.map(|(path, _)| path).as_slice(), known);
}

/// Sends the whole table, or only the rows that depend on stored data.
async fn requests_change_nothing(system: &System, is_whole: bool) {
    let env = &system.env;
    let before = (
        state::rows(env).await,
        state::signals(env, &system.workflows).await,
        state::runs(env, &system.workflows).await,
    );
    let routes = system.routes().await;
    let rows = routes.iter().enumerate().flat_map(|(place, route)| {
        let is_like = |other: &Route| (other.program, other.body.is_some()) == (route.program, route.body.is_some());
        let is_first = !routes[..place].iter().any(is_like);
        let mut rows = rows::of_content(place, route, &system.known, is_first);
        if is_whole {
            rows.extend(rows::of_http(route, &system.known, is_first));
        }
        rows.into_iter().map(move |row| (route, row))
    });
    let outcomes: Vec<_> =
        stream::iter(rows).map(|(route, row)| send(env, route, row)).buffer_unordered(AT_ONCE).collect().await;
    let mut counts = BTreeMap::<_, usize>::new();
    let mut wrong = Vec::new();
    for (route, outcome) in outcomes {
        *counts.entry(route).or_default() += 1;
        wrong.extend(outcome.err());
    }
    for (route, count) in &counts {
        eprintln!("{count:4} {route}");
    }
    eprintln!("{} hostile requests of {} routes", counts.values().sum::<usize>(), counts.len());
    assert!(wrong.is_empty(), "{} of them are answered wrongly:\n{}", wrong.len(), wrong.join("\n"));
    for route in routes.iter().filter(|route| route.is_described && is_whole) {
        assert!(counts[&route.name()] >= LEAST, "{} has {} rows", route.name(), counts[&route.name()]);
    }
    assert_eq!(state::rows(env).await, before.0, "a database has changed");
    assert_eq!(state::signals(env, &system.workflows).await, before.1, "a signal was sent");
    assert_eq!(state::runs(env, &system.workflows).await, before.2, "a run has begun or ended");
    for program in [Component::Billing, Component::Reports, Component::Accounts, Component::Contracts, Component::Api] {
        assert!(!env.log(program).contains("panicked"), "{program:?} panicked");
    }
}

/// Sends a row. Repeats it while the program is too busy: 503 says that nothing was done.
async fn send(env: &Env, route: &Route, row: Row) -> (String, Result<(), String>) {
    let address = env.url(route.program).replace("http://", "");
    let name = format!("{}: {}", route.name(), row.what);
    let mut received: Received = within_a_stall(&name, exchange(&address, &row.bytes)).await;
    for _ in 0..ATTEMPTS {
        if !received.is_busy() {
            break;
        }
        received = within_a_stall(&name, exchange(&address, &row.bytes)).await;
    }
    (route.name(), received.check(row.expected).map_err(|why| format!("{name}: {why}")))
}

/// Checks that the system still does its work.
async fn goes_on(env: &Env) {
    let document = env.issue_reported().await;
    let voiding = env.api().post_voiding_to_its_end(&document.document_id).await.ok_as(200);
    assert_eq!(voiding.state, VoidingState::DocumentVoided);
    env.assert_consistent().await;
}
