//! An instruction that an operator may send to an instance of a process manager.

use serde_json::Value;

/// An instruction.
#[derive(Debug)]
pub(crate) struct Instruction {
    /// Its name: the type of the event.
    pub(crate) kind: &'static str,
    /// The text of its button.
    pub(crate) button: &'static str,
    /// Its field, if it has one.
    pub(crate) field: Option<Field>,
    /// Its effect, if the operator has to confirm it.
    pub(crate) effect: Option<&'static str>,
    /// The result after it has been sent.
    pub(crate) done: &'static str,
}

/// The field of an instruction: a text that becomes its data.
#[derive(Debug)]
pub(crate) struct Field {
    /// The name in the data.
    pub(crate) name: &'static str,
    /// The label.
    pub(crate) label: &'static str,
    /// The initial text.
    pub(crate) usual: &'static str,
    /// Checks a text. The error says what is wrong with it.
    pub(crate) check: fn(&str) -> Result<(), String>,
}

impl Instruction {
    /// Returns its data.
    ///
    /// # Errors
    /// Returns the reason if the text of its field cannot be used.
    pub(crate) fn data(&self, text: &str) -> Result<Value, String> {
        let Some(field) = &self.field else { return Ok(Value::Null) };
        (field.check)(text).map_err(|why| format!("{}: {why}", field.label))?;
        Ok(Value::Object([(field.name.to_owned(), Value::from(text))].into_iter().collect()))
    }
}
