//! What Finesse says when it refuses.

use core::fmt;

use finewire_core::agent::Text;

use crate::code::{ErrorCode, meaning_of};
use crate::xml::Element;

/// Errors taken from one body; Finesse sends one.
const MAX_ERRORS: usize = 16;

/// A refusal: body of a failed request, or data of an update. Finesse Developer Guide, "Finesse
/// API errors".
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ApiErrors {
    /// The HTTP status it came with; `None` in an update.
    pub status: Option<u16>,
    /// The errors, at least one unless the body was empty or no XML.
    pub errors: Vec<ApiError>,
}

impl ApiErrors {
    /// A refusal with one error.
    #[must_use]
    pub fn one(status: Option<u16>, error: ApiError) -> Self {
        Self {
            status,
            errors: vec![error],
        }
    }

    /// The first error, which decides.
    #[must_use]
    pub fn first(&self) -> Option<&ApiError> {
        self.errors.first()
    }

    /// The control-failure code of the first error, where it has one.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        self.first().and_then(ApiError::code)
    }
}

impl fmt::Display for ApiErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.first(), self.status) {
            (Some(error), _) => fmt::Display::fmt(error, f),
            (None, Some(status)) => write!(f, "HTTP status {status}"),
            (None, None) => f.write_str("refused without a reason"),
        }
    }
}

/// One error of a refusal.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ApiError {
    /// `ErrorType`: `Invalid Device`, `User Not Found`, ….
    pub error_type: Text,
    /// `ErrorMessage`: a constant such as `CF_INVALID_OBJECT_STATE`, or a sentence.
    pub message: Text,
    /// `ErrorData`: a number, an id, a parameter's name; may be empty. An opaque string.
    pub data: Text,
    /// `peripheralErrorCode`, `peripheralErrorMsg`, `peripheralErrorText` (from 12.5 on).
    pub peripheral: Option<PeripheralError>,
}

/// What the telephone system behind Finesse said.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct PeripheralError {
    /// `peripheralErrorCode`, e.g. `10125`.
    pub code: Text,
    /// `peripheralErrorMsg`, e.g. `PERERR_…`.
    pub message: Text,
    /// `peripheralErrorText`: a sentence.
    pub text: Text,
}

impl ApiError {
    /// An error by its triple.
    #[must_use]
    pub fn new(error_type: &str, message: &str, data: &str) -> Self {
        Self {
            error_type: error_type.into(),
            message: message.into(),
            data: data.into(),
            peripheral: None,
        }
    }

    /// The control-failure code, by its number in `ErrorData` or its name in `ErrorMessage`.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        ErrorCode::of(self.message.as_str(), self.data.as_str())
    }

    /// A sentence for people: what the telephone system said itself, or Finesse where its message
    /// is a sentence and no constant, or what its words mean. `None` where nobody knows.
    ///
    /// ```
    /// use finewire_finesse::ApiError;
    ///
    /// let error = ApiError::new("Call Operation Failure", "CF_RESOURCE_BUSY", "33");
    /// assert_eq!(error.sentence().as_deref(), Some("The device is busy."));
    /// ```
    #[must_use]
    pub fn sentence(&self) -> Option<String> {
        let said = self.peripheral.as_ref().map(|known| known.text.as_str());
        let said = said.map(str::trim).filter(|text| !text.is_empty());
        let message = self.message.as_str().trim();
        if let Some(text) = said.or_else(|| message.contains(' ').then_some(message)) {
            return Some(text.to_owned());
        }
        let meaning = meaning_of(self.error_type.as_str(), message, self.data.as_str())?;
        let mut letters = meaning.chars();
        let first = letters.next()?.to_uppercase();
        Some(format!("{first}{}.", letters.as_str()))
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.error_type.as_str())?;
        for part in [&self.message, &self.data] {
            if !part.is_empty() {
                write!(f, ": {part}")?;
            }
        }
        Ok(())
    }
}

/// Which form of the names to write: bodies of answers begin with capitals, updates do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    Answer,
    Update,
}

pub(crate) fn read(element: &Element<'_>) -> ApiErrors {
    let errors = if element.is("ApiErrors") {
        element
            .all("ApiError")
            .take(MAX_ERRORS)
            .map(read_one)
            .collect()
    } else {
        Vec::new()
    };
    ApiErrors {
        status: None,
        errors,
    }
}

fn read_one(element: &Element<'_>) -> ApiError {
    let word = |name| text_unescaped_again(element.word(name).unwrap_or_default());
    let peripheral = PeripheralError {
        code: word("peripheralErrorCode"),
        message: word("peripheralErrorMsg"),
        text: word("peripheralErrorText"),
    };
    ApiError {
        error_type: word("errorType"),
        message: word("errorMessage"),
        data: word("errorData"),
        peripheral: (peripheral != PeripheralError::default()).then_some(peripheral),
    }
}

pub(crate) fn element(case: Case, errors: &ApiErrors) -> Element<'_> {
    let [list, one, data, message, error_type] = match case {
        Case::Answer => [
            "ApiErrors",
            "ApiError",
            "ErrorData",
            "ErrorMessage",
            "ErrorType",
        ],
        Case::Update => [
            "apiErrors",
            "apiError",
            "errorData",
            "errorMessage",
            "errorType",
        ],
    };
    let errors = errors.errors.iter().map(|error| {
        let mut parts = vec![
            Element::leaf(data, error.data.as_str()),
            Element::leaf(message, error.message.as_str()),
            Element::leaf(error_type, error.error_type.as_str()),
        ];
        if let Some(peripheral) = &error.peripheral {
            parts.push(Element::leaf(
                "peripheralErrorCode",
                peripheral.code.as_str(),
            ));
            parts.push(Element::leaf(
                "peripheralErrorMsg",
                peripheral.message.as_str(),
            ));
            parts.push(Element::leaf(
                "peripheralErrorText",
                peripheral.text.as_str(),
            ));
        }
        Element::node(one, parts)
    });
    Element::node(list, errors.collect())
}

/// Seen: long messages with angle brackets come escaped twice. They are for people only, so one
/// level more can be taken off whenever there is one.
fn text_unescaped_again(text: &str) -> Text {
    match quick_xml::escape::unescape(text) {
        Ok(text) => Text::from(&*text),
        Err(_) => Text::from(text),
    }
}
