//! docs/ARCHITECTURE.md is true: its graph of crates matches the workspace.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

const ARCHITECTURE: &str = include_str!("../../../docs/ARCHITECTURE.md");

type Graph = BTreeMap<String, BTreeSet<String>>;

/// Returns the members of the workspace and their dependencies on each other, without those for tests only.
fn members() -> Graph {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--offline", "--no-deps", "--format-version", "1"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let name = |package: &serde_json::Value| package["name"].as_str().unwrap().to_owned();
    let names: BTreeSet<_> = packages.iter().map(name).collect();
    let used = |package: &serde_json::Value| {
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        let normal = dependencies.filter(|dependency| dependency["kind"].is_null()).map(name);
        normal.filter(|used| names.contains(used)).collect::<BTreeSet<_>>()
    };
    packages.iter().map(|package| (name(package), used(package))).collect()
}

fn reaches(graph: &Graph, from: &str, to: &str) -> bool {
    graph[from].iter().any(|next| next == to || reaches(graph, next, to))
}

/// Returns a Mermaid flowchart with an arrow for each dependency that no longer path implies.
fn drawn(graph: &Graph) -> String {
    let is_test =
        |name: &str| matches!(name, "tests" | "fuzz") || name.ends_with("-support") || name.ends_with("-testing");
    let mut text = "flowchart BT\n".to_owned();
    for (from, used) in graph.iter().filter(|(from, _)| !is_test(from)) {
        let direct = |to: &&String| !used.iter().any(|other| other != *to && reaches(graph, other, to));
        for to in used.iter().filter(|to| !is_test(to)).filter(direct) {
            text += &format!("    {from} --> {to}\n");
        }
    }
    text
}

#[test]
fn the_graph_of_crates_is_the_workspaces() {
    let (_, block) = ARCHITECTURE.split_once("<!-- crates -->\n```mermaid\n").unwrap();
    let block = block.split("```").next().unwrap();
    let expected = drawn(&members());
    assert_eq!(block, expected, "docs/ARCHITECTURE.md must show this graph:\n{expected}");
}
