//! Our services keep the contract.

use std::{collections::BTreeMap, sync::Arc};

use contract_kit::{Kind, Verdict, check};
use test_support::PostgresServer;

use crate::services::Services;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_services_keep_every_rule_also_over_a_restart() {
    keep_every_rule(Services::start().await).await;
    if let Some(server) = PostgresServer::shared("our services keep every rule, on PostgreSQL") {
        keep_every_rule(Services::on_postgres(server).await).await;
    }
}

async fn keep_every_rule(services: Arc<Services>) {
    let mut urls = BTreeMap::from([(Kind::Billing, services.billing())]);
    for kind in [Kind::Reports, Kind::Accounts, Kind::Contracts] {
        urls.insert(kind, services.proxy(kind).await.url());
    }
    let restart = async {
        services.restart().await;
        Ok(())
    };
    let reports = check(&urls, Some(Box::pin(restart)), |_| ()).await;
    assert_eq!(reports.len(), 4);
    for report in reports {
        let mut verdicts = report.verdicts.iter();
        let is_kept = verdicts.all(|(rule, verdict)| *verdict == Verdict::Kept || rule.id() == "K10");
        assert!(report.is_good() && is_kept, "{report}");
        assert!(report.to_string().contains("not checked  K10 unavailable: "), "{report}");
    }
}
