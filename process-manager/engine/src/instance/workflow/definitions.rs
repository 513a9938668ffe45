//! The code that `#[workflow_methods]` would generate, written out for a generic type.

use std::{any::Any, error::Error, marker::PhantomData};

use chrono::DateTime;
use futures::{FutureExt, future::LocalBoxFuture};
use process_manager::{instance::InstanceView, manager::ProcessManager};
use temporalio_common::{
    HasWorkflowDefinition, QueryDefinition, SignalDefinition, UpdateDefinition, WorkflowDefinition,
    data_converters::{PayloadConverter, RawValue},
    protos::temporal::api::common::v1::Payloads,
};
use temporalio_workflow::{
    WorkflowContext, WorkflowContextView, WorkflowTermination,
    workflow_interceptors::WorkflowOutputValue,
    workflows::{
        ExecutableAsyncUpdate, ExecutableQuery, ExecutableSyncSignal, UpdateDefinitionDescriptor,
        WorkflowDefinitionDescriptor, WorkflowError, WorkflowImplementation,
    },
};

use super::{
    super::{begin::Carried, run::run},
    ProcessInstance, SyncContext, handled,
};

type Decoded = Result<Option<Box<dyn Any>>, WorkflowError>;

macro_rules! definition {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        pub struct $name<M>(PhantomData<fn(M)>);

        impl<M> Default for $name<M> {
            fn default() -> Self {
                Self(PhantomData)
            }
        }
    };
}

definition! {
    /// The run of an instance.
    RunInstance
}
definition! {
    /// Signal `deliver`.
    DeliverSignal
}
definition! {
    /// Signal `retry`.
    RetrySignal
}
definition! {
    /// Signal `acknowledge`.
    AcknowledgeSignal
}
definition! {
    /// Signal `instruct`.
    InstructSignal
}
definition! {
    /// A signal with any other name: it only makes the history longer.
    UnknownSignal
}
definition! {
    /// Query `state`.
    StateQuery
}
definition! {
    /// Query `carried`.
    CarriedQuery
}
definition! {
    /// Update `handled`.
    HandledUpdate
}

impl<M: ProcessManager> WorkflowDefinition for RunInstance<M> {
    type Input = RawValue;
    type Output = RawValue;

    fn name(&self) -> &str {
        M::NAME
    }
}

impl<M: ProcessManager> HasWorkflowDefinition for RunInstance<M> {
    type Run = Self;
}

macro_rules! signal {
    ($definition:ident, $name:literal, $method:ident) => {
        impl<M: ProcessManager> SignalDefinition for $definition<M> {
            type Workflow = RunInstance<M>;
            type Input = RawValue;

            fn name(&self) -> &str {
                $name
            }
        }

        impl<M: ProcessManager> ExecutableSyncSignal<$definition<M>> for ProcessInstance<M> {
            fn handle(&mut self, _ctx: &mut SyncContext<M>, input: RawValue) {
                self.$method(&input);
            }
        }
    };
}

signal!(DeliverSignal, "deliver", deliver);
signal!(RetrySignal, "retry", retry);
signal!(AcknowledgeSignal, "acknowledge", acknowledge);
signal!(UnknownSignal, "", unknown);

impl<M: ProcessManager> SignalDefinition for InstructSignal<M> {
    type Workflow = RunInstance<M>;
    type Input = RawValue;

    fn name(&self) -> &str {
        "instruct"
    }
}

impl<M: ProcessManager> ExecutableSyncSignal<InstructSignal<M>> for ProcessInstance<M> {
    fn handle(&mut self, ctx: &mut SyncContext<M>, input: RawValue) {
        let at = ctx.workflow_time().map(DateTime::from).unwrap_or_default();
        self.instruct(&input, at);
    }
}

impl<M: ProcessManager> QueryDefinition for StateQuery<M> {
    type Workflow = RunInstance<M>;
    type Input = RawValue;
    type Output = Option<InstanceView>;

    fn name(&self) -> &str {
        "state"
    }
}

impl<M: ProcessManager> ExecutableQuery<StateQuery<M>> for ProcessInstance<M> {
    fn handle(
        &self,
        _ctx: &WorkflowContextView,
        _input: RawValue,
    ) -> Result<Option<InstanceView>, Box<dyn Error + Send + Sync>> {
        Ok(self.view())
    }
}

impl<M: ProcessManager> QueryDefinition for CarriedQuery<M> {
    type Workflow = RunInstance<M>;
    type Input = RawValue;
    type Output = Carried;

    fn name(&self) -> &str {
        "carried"
    }
}

impl<M: ProcessManager> ExecutableQuery<CarriedQuery<M>> for ProcessInstance<M> {
    fn handle(&self, _ctx: &WorkflowContextView, _input: RawValue) -> Result<Carried, Box<dyn Error + Send + Sync>> {
        Ok(self.carried()?)
    }
}

impl<M: ProcessManager> UpdateDefinition for HandledUpdate<M> {
    type Workflow = RunInstance<M>;
    type Input = RawValue;
    type Output = RawValue;

    fn name(&self) -> &str {
        "handled"
    }
}

impl<M: ProcessManager> ExecutableAsyncUpdate<HandledUpdate<M>> for ProcessInstance<M> {
    fn handle(
        ctx: WorkflowContext<Self>,
        input: RawValue,
    ) -> LocalBoxFuture<'static, Result<RawValue, Box<dyn Error + Send + Sync>>> {
        handled(ctx, input).boxed_local()
    }
}

impl<M: ProcessManager> WorkflowImplementation for ProcessInstance<M> {
    type Run = RunInstance<M>;

    const HAS_INIT: bool = true;
    const INIT_TAKES_INPUT: bool = true;

    fn name() -> &'static str {
        M::NAME
    }

    fn definition() -> WorkflowDefinitionDescriptor {
        WorkflowDefinitionDescriptor {
            workflow_type: M::NAME.to_owned(),
            has_init: true,
            init_takes_input: true,
            signals: ["deliver", "retry", "acknowledge", "instruct"].map(str::to_owned).into(),
            queries: ["state", "carried"].map(str::to_owned).into(),
            updates: vec![UpdateDefinitionDescriptor { name: "handled".to_owned(), has_validator: false }],
        }
    }

    fn init(ctx: WorkflowContextView, input: Option<RawValue>) -> Self {
        Self::new(&ctx, &input.unwrap_or_else(|| RawValue::new(Vec::new())))
    }

    fn run(
        ctx: WorkflowContext<Self>,
        _input: Option<RawValue>,
    ) -> LocalBoxFuture<'static, Result<Box<dyn WorkflowOutputValue>, WorkflowTermination>> {
        async move { run(ctx).await.map(|output| Box::new(output) as Box<dyn WorkflowOutputValue>) }.boxed_local()
    }

    fn decode_signal_input(_name: &str, payloads: Payloads, _: &PayloadConverter) -> Decoded {
        Ok(Some(raw(payloads)))
    }

    fn dispatch_signal(
        ctx: WorkflowContext<Self>,
        name: &str,
        input: Box<dyn Any>,
    ) -> LocalBoxFuture<'static, Result<(), WorkflowError>> {
        match name {
            "deliver" => <Self as ExecutableSyncSignal<DeliverSignal<M>>>::dispatch(ctx, input),
            "retry" => <Self as ExecutableSyncSignal<RetrySignal<M>>>::dispatch(ctx, input),
            "acknowledge" => <Self as ExecutableSyncSignal<AcknowledgeSignal<M>>>::dispatch(ctx, input),
            "instruct" => <Self as ExecutableSyncSignal<InstructSignal<M>>>::dispatch(ctx, input),
            _ => <Self as ExecutableSyncSignal<UnknownSignal<M>>>::dispatch(ctx, input),
        }
    }

    fn decode_query_input(name: &str, payloads: &Payloads, _: &PayloadConverter) -> Decoded {
        Ok(matches!(name, "state" | "carried").then(|| raw(payloads.clone())))
    }

    fn dispatch_query(
        &self,
        ctx: WorkflowContextView,
        name: &str,
        input: Box<dyn Any>,
    ) -> Result<Box<dyn WorkflowOutputValue>, WorkflowError> {
        match name {
            "state" => <Self as ExecutableQuery<StateQuery<M>>>::dispatch(self, &ctx, input),
            _ => <Self as ExecutableQuery<CarriedQuery<M>>>::dispatch(self, &ctx, input),
        }
    }

    fn decode_update_input(name: &str, payloads: Payloads, _: &PayloadConverter) -> Decoded {
        Ok((name == "handled").then(|| raw(payloads)))
    }

    fn dispatch_update(
        ctx: WorkflowContext<Self>,
        _name: &str,
        input: Box<dyn Any>,
    ) -> LocalBoxFuture<'static, Result<Box<dyn WorkflowOutputValue>, WorkflowError>> {
        <Self as ExecutableAsyncUpdate<HandledUpdate<M>>>::dispatch(ctx, input)
    }

    fn validate_update(&self, _: WorkflowContextView, _: &str, _: Box<dyn Any>) -> Result<(), WorkflowError> {
        Ok(())
    }
}

/// Returns the payloads as they are: nothing that reaches an instance may fail its workflow task.
fn raw(payloads: Payloads) -> Box<dyn Any> {
    Box::new(RawValue::new(payloads.payloads))
}
