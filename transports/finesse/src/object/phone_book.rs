//! Phone books and their contacts.

use finewire_core::agent::Text;

use crate::error::Error;
use crate::resource::{API, id_of, percent_encoded};
use crate::xml::Element;

/// A phone book. Finesse Developer Guide, "PhoneBook".
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct PhoneBook {
    /// The last segment of `uri`; empty where Finesse leaves the uri out.
    pub id: Text,
    /// `name`
    pub name: Text,
    /// `type`: `GLOBAL` or `TEAM`.
    pub kind: Text,
    /// `Contacts`
    pub contacts: Vec<Contact>,
}

/// Somebody to call. Finesse Developer Guide, "Contact".
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Contact {
    /// The last segment of `uri`; empty where Finesse leaves the uri out.
    pub id: Text,
    /// `firstName`
    pub first_name: Text,
    /// `lastName`
    pub last_name: Text,
    /// `phoneNumber`: the only thing that a contact must have.
    pub phone_number: Text,
    /// `description`
    pub description: Text,
}

/// `Range: objects=first-last`: which contacts of all phone books, counted from 1. Finesse
/// Developer Guide, "User - Get list of phone books": without it the first 1500 (Seen), at most
/// 6000 at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContactRange {
    /// The first, from 1.
    pub first: u32,
    /// The last, not below the first.
    pub last: u32,
}

impl ContactRange {
    /// Contacts that one answer holds, at most.
    pub const MOST: u32 = 6000;

    /// Reads the value of a `Range` header; `None` when it is no range of objects.
    #[must_use]
    pub fn from_header(value: &str) -> Option<Self> {
        let (first, last) = value.trim().strip_prefix("objects=")?.split_once('-')?;
        let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        (first >= 1 && first <= last).then_some(Self { first, last })
    }

    /// The value of a `Range` header.
    #[must_use]
    pub fn to_header(self) -> String {
        format!("objects={}-{}", self.first, self.last)
    }
}

pub(crate) fn read(book: &Element<'_>) -> Result<PhoneBook, Error> {
    let contacts = book
        .child("Contacts")
        .into_iter()
        .flat_map(|all| all.all("Contact"));
    Ok(PhoneBook {
        id: book.word("uri").and_then(id_of).unwrap_or_default(),
        name: book.text_of("name"),
        kind: book.word_of("type"),
        contacts: contacts.map(read_contact).collect::<Result<_, _>>()?,
    })
}

fn read_contact(contact: &Element<'_>) -> Result<Contact, Error> {
    let number = contact.word("phoneNumber").map(Text::from);
    Ok(Contact {
        id: contact.word("uri").and_then(id_of).unwrap_or_default(),
        first_name: contact.text_of("firstName"),
        last_name: contact.text_of("lastName"),
        phone_number: number.ok_or(Error::RemoteMissing("phoneNumber"))?,
        description: contact.text_of("description"),
    })
}

pub(crate) fn list(books: &[PhoneBook]) -> Element<'_> {
    Element::node("PhoneBooks", books.iter().map(element).collect())
}

fn element(book: &PhoneBook) -> Element<'_> {
    let contacts = book.contacts.iter().map(|contact| {
        let uri = uri("Contact", &contact.id);
        Element::node(
            "Contact",
            vec![
                Element::leaf("description", contact.description.as_str()),
                Element::leaf("firstName", contact.first_name.as_str()),
                Element::leaf("lastName", contact.last_name.as_str()),
                Element::leaf("phoneNumber", contact.phone_number.as_str()),
                Element::leaf("uri", uri),
            ],
        )
    });
    Element::node(
        "PhoneBook",
        vec![
            Element::node("Contacts", contacts.collect()),
            Element::leaf("name", book.name.as_str()),
            Element::leaf("type", book.kind.as_str()),
            Element::leaf("uri", uri("PhoneBook", &book.id)),
        ],
    )
}

fn uri(kind: &str, id: &Text) -> String {
    if id.is_empty() {
        return String::new();
    }
    format!("{API}/{kind}/{}", percent_encoded(id.as_str()))
}
