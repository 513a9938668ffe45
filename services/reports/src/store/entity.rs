//! Reports' tables.

/// A document. Its row is created with the first news of it, which may be a mark.
pub(super) mod document {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "documents")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub document_id: String,
        /// Empty, as are the total and the report, until Billing's log has announced the document.
        pub customer_id: Option<String>,
        pub minor: Option<i64>,
        pub currency: Option<String>,
        /// The document's report. After a move it is the later one.
        pub report_id: Option<String>,
        /// The process that has marked it as voided.
        pub marked_by: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The result of each process's marking of a document.
pub(super) mod marking {
    use sea_orm::entity::prelude::*;

    use crate::domain::Outcome;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "markings")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub document_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub process_id: String,
        pub outcome: Outcome,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A report.
pub(super) mod report {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "reports")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub report_id: String,
        pub customer_id: String,
        pub number: i64,
        pub status: Status,
        pub opened_at: DateTimeUtc,
        pub published_at: Option<DateTimeUtc>,
    }

    /// Status of a report. A customer has at most one open report.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
    #[sea_orm(rs_type = "String", db_type = "Text", rename_all = "kebab-case")]
    pub(crate) enum Status {
        Open,
        Published,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A document in a report. It never changes once the report is published.
pub(super) mod entry {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "report_documents")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub report_id: String,
        /// From 1, in the order of arrival.
        #[sea_orm(primary_key, auto_increment = false)]
        pub place: i64,
        pub document_id: String,
        pub minor: i64,
        pub currency: String,
        pub voided: bool,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Position up to which a log has been projected.
pub(super) mod followed_log {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "followed_logs")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub source: String,
        pub position: i64,
        pub logid: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
