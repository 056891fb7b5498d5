//! Bodies of fuzz targets, kept here so that they compile with the crate.

use bytes::Bytes;
use finewire_http::http::{Request as HttpRequest, Response, StatusCode};

use crate::{Answer, ReasonCategory, Request, Update};

/// Reads bytes as the payload of a notification; what can be read survives writing and reading.
pub fn update(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    if let Ok(update) = Update::parse("/finesse/api/User/1001/Dialogs", text) {
        let _ = Update::parse("/finesse/api/User/1001/Dialogs", &update.to_xml());
    }
}

/// Reads bytes as the answer to each kind of read, with a status made of the first byte.
pub fn answer(data: &[u8]) {
    let Some((first, body)) = data.split_first() else {
        return;
    };
    let statuses = [200, 202, 301, 400, 401, 404, 503, 207];
    let status = statuses.get(usize::from(first & 7)).copied().unwrap_or(200);
    let mut response = Response::new(Bytes::copy_from_slice(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    let agent = || "1001".into();
    for request in [
        Request::SystemInfo,
        Request::User { agent: agent() },
        Request::Dialogs { agent: agent() },
        Request::Dialog { dialog: "1".into() },
        Request::Team { team: "1".into() },
        Request::ReasonCodes {
            agent: agent(),
            category: ReasonCategory::NotReady,
        },
        Request::WrapUpReasons { agent: agent() },
        Request::SignOut {
            agent: agent(),
            reason_id: None,
        },
    ] {
        let _ = Answer::parse(&request, &response);
    }
}

/// Reads bytes as a path, a zero, and a body, with each method.
pub fn request(data: &[u8]) {
    let (path, body) = data.split_at(data.iter().position(|b| *b == 0).unwrap_or(data.len()));
    for method in ["GET", "PUT", "POST", "DELETE"] {
        let request = HttpRequest::builder().method(method).uri(path);
        if let Ok(request) = request.body(Bytes::copy_from_slice(body.get(1..).unwrap_or_default()))
        {
            let _ = Request::from_http(&request);
        }
    }
}
