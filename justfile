# Shortcuts; `just` lists them. Each is one command that can be run without just as well.

set positional-arguments

_default:
    @just --list --unsorted

# Everything that must hold before a change goes in
ci:
    .ci/run

# The whole system, with its data in .data
run *arguments:
    cargo run -- "$@"

# All tests
test:
    cargo test --workspace

# End-to-end tests of one subject, such as `just e2e voiding::races`
e2e subject='':
    cargo test --package tests --test it -- '{{subject}}'

# The heavy tests with all their load
load:
    IT_LOAD=full cargo test --workspace

# The recorded histories anew, such as after a new path; `git diff tests/histories` shows what has changed
record:
    cargo test --package tests --test it -- replay::record --ignored

# The committed OpenAPI documents anew
openapi:
    UPDATE_OPENAPI=1 cargo test --workspace openapi

# A bench, such as `just bench console`
bench name:
    cargo bench --workspace --profile dev --bench '{{name}}'

# Licences, bans and sources of all dependencies; advisories need the network
deny:
    cargo deny check
