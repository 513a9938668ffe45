//! Our services keep the contract.

use std::sync::Arc;

use contract_kit::{Kind, Verdict, check};
use test_support::{PostgresServer, load};

use crate::services::{ALL, Services};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_services_keep_every_rule_also_over_a_restart() {
    tokio::join!(on_sqlite(), on_postgres());
}

async fn on_sqlite() {
    keep_every_rule(Services::start().await).await;
}

/// The services take their log and their keys from one crate, so testing one of them shows much.
async fn on_postgres() {
    if let Some(server) = PostgresServer::shared("our services keep every rule, on PostgreSQL") {
        let kinds = load(&[Kind::Billing][..], &ALL);
        keep_every_rule(Services::on_postgres(kinds, server).await).await;
    }
}

async fn keep_every_rule(services: Arc<Services>) {
    let urls = services.proxies().await;
    let restart = async {
        services.restart().await;
        Ok(())
    };
    let reports = check(&urls, Some(Box::pin(restart)), |_| ()).await;
    assert_eq!(reports.len(), urls.len());
    for report in reports {
        let mut verdicts = report.verdicts.iter();
        let is_kept = verdicts.all(|(rule, verdict)| *verdict == Verdict::Kept || rule.id() == "K10");
        assert!(report.is_good() && is_kept, "{report}");
        assert!(report.to_string().contains("not checked  K10 unavailable: "), "{report}");
    }
}
