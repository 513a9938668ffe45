//! Our services keep the contract.

use std::collections::BTreeMap;

use contract_kit::{Kind, Verdict, check};

use crate::{proxy::Spoil, services::Services};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_services_keep_every_rule_also_over_a_restart() {
    let services = Services::start().await;
    let mut urls = BTreeMap::from([(Kind::Billing, services.billing())]);
    for kind in [Kind::Reports, Kind::Accounts, Kind::Contracts] {
        urls.insert(kind, services.spoiled(kind, Spoil::nothing()).await.url());
    }
    let restart = async {
        services.restart().await;
        Ok(())
    };
    let reports = check(&urls, Some(Box::pin(restart))).await;
    assert_eq!(reports.len(), 4);
    for report in reports {
        let mut verdicts = report.verdicts.iter();
        let is_kept = verdicts.all(|(rule, verdict)| *verdict == Verdict::Kept || rule.id() == "K10");
        assert!(report.is_good() && is_kept, "{report}");
        assert!(report.to_string().contains("K10 unavailable          not checked ("), "{report}");
    }
}
