//! Lists: newest first, page by page.

use ::accounts::Accounts;
use service_testing::{Running, on_each_database};

use crate::{fail, open, request, withdraw};

#[tokio::test]
async fn lists_are_newest_first_and_pages_show_each_item_once() {
    on_each_database(async |database| {
        let accounts = Running::start(Accounts, &database).await;
        let client = &accounts.client;
        for n in 1..=5 {
            open(client, &format!("a{n}"), 100).await;
        }
        for (n, (from, to)) in [("a1", "a2"), ("a2", "a3"), ("a3", "a1"), ("a4", "a5"), ("a5", "a4")].iter().enumerate()
        {
            assert_eq!(request(client, &format!("t{}", n + 1), from, to, 10).await.status, 202);
        }
        let ids = async |list: &str, query: &str| -> Vec<String> {
            let id = if list == "accounts" { "account_id" } else { "transfer_id" };
            let items = client.all(&format!("/{list}?{query}")).await;
            items.iter().map(|item| item[id].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(ids("accounts", "limit=2").await, ["a5", "a4", "a3", "a2", "a1"]);
        assert_eq!(ids("transfers", "limit=1").await, ["t5", "t4", "t3", "t2", "t1"]);
        assert_eq!(ids("transfers", "account_id=a1&limit=1").await, ["t3", "t1"]);
        withdraw(client, "t1", "a1", 10).await;
        fail(client, "t4", "no").await;
        assert_eq!(ids("transfers", "status=requested&limit=2").await, ["t5", "t3", "t2"]);
        assert_eq!(ids("transfers", "status=withdrawn").await, ["t1"]);
        assert_eq!(ids("transfers", "status=failed&account_id=a4").await, ["t4"]);
        assert!(ids("transfers", "status=failed&account_id=a1").await.is_empty());
    })
    .await;
}
