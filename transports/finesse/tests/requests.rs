//! Requests as the documents show them.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

use finewire_core::agent::{AgentState, CallAction, Extension};
use finewire_core::machine::Random;
use finewire_core::password::Secret;
use finewire_finesse::{
    Answer, Credentials, Error, MobileAgent, MobileMode, ReasonCategory, Request, RequestId,
};
use finewire_http::{Bytes, http};

fn lines(request: &Request) -> String {
    let http = request.to_http(&Credentials::Anonymous, None).unwrap();
    let body = str::from_utf8(http.body()).unwrap();
    format!("{} {}\n{body}", http.method(), http.uri())
}

#[test]
fn each_request_has_the_documented_path_and_body() {
    let agent = || "1001".into();
    let dialog = || "16804377".into();
    let act = |action| Request::act(dialog(), action, Extension::from("5001"));
    for (request, wanted) in [
        (Request::SystemInfo, "GET /finesse/api/SystemInfo\n"),
        (
            Request::User { agent: agent() },
            "GET /finesse/api/User/1001\n",
        ),
        (
            Request::Dialogs { agent: agent() },
            "GET /finesse/api/User/1001/Dialogs\n",
        ),
        (
            Request::Dialog { dialog: dialog() },
            "GET /finesse/api/Dialog/16804377\n",
        ),
        (
            Request::ReasonCodes {
                agent: agent(),
                category: ReasonCategory::NotReady,
            },
            "GET /finesse/api/User/1001/ReasonCodes?category=NOT_READY\n",
        ),
        (
            Request::SignIn {
                agent: agent(),
                extension: "5001".into(),
                mobile: Some(MobileAgent {
                    mode: MobileMode::CallByCall,
                    dial_number: "95551212".into(),
                }),
            },
            "PUT /finesse/api/User/1001\n<User><state>LOGIN</state><extension>5001</extension>\
             <mobileAgent><mode>CALL_BY_CALL</mode><dialNumber>95551212</dialNumber></mobileAgent>\
             </User>",
        ),
        (
            Request::ChangeState {
                agent: agent(),
                state: AgentState::NotReady,
                reason_id: Some("16".into()),
            },
            "PUT /finesse/api/User/1001\n<User><state>NOT_READY</state>\
             <reasonCodeId>16</reasonCodeId></User>",
        ),
        (
            Request::SignOut {
                agent: agent(),
                reason_id: None,
            },
            "PUT /finesse/api/User/1001\n<User><state>LOGOUT</state></User>",
        ),
        (
            Request::MakeCall {
                agent: agent(),
                from: "5001".into(),
                to: "+49 (30) <1>".into(),
                variables: vec![("callVariable1".into(), "a&b".into())],
            },
            "POST /finesse/api/User/1001/Dialogs\n<Dialog>\
             <requestedAction>MAKE_CALL</requestedAction><fromAddress>5001</fromAddress>\
             <toAddress>+49 (30) &lt;1&gt;</toAddress><mediaProperties><callvariables>\
             <CallVariable><name>callVariable1</name><value>a&amp;b</value></CallVariable>\
             </callvariables></mediaProperties></Dialog>",
        ),
        (
            act(CallAction::Answer),
            "PUT /finesse/api/Dialog/16804377\n<Dialog><requestedAction>ANSWER</requestedAction>\
             <targetMediaAddress>5001</targetMediaAddress></Dialog>",
        ),
        (
            Request::Act {
                dialog: dialog(),
                action: CallAction::SendDtmf,
                address: "5001".into(),
                to: None,
                params: vec![("dtmfString".into(), "12#".into())],
            },
            "PUT /finesse/api/Dialog/16804377\n<Dialog><requestedAction>SEND_DTMF</requestedAction>\
             <targetMediaAddress>5001</targetMediaAddress><actionParams><ActionParam>\
             <name>dtmfString</name><value>12#</value></ActionParam></actionParams></Dialog>",
        ),
    ] {
        assert_eq!(lines(&request), wanted);
    }
}

#[test]
fn an_id_cannot_leave_its_place_in_the_path() {
    let path = |id: &str| {
        let request = Request::User { agent: id.into() };
        request
            .to_http(&Credentials::Anonymous, None)
            .map(|http| http.uri().to_string())
    };
    assert_eq!(
        path("a/../b?c#d é"),
        Ok("/finesse/api/User/a%2F..%2Fb%3Fc%23d%20%C3%A9".into())
    );
    for id in ["", ".", ".."] {
        assert!(matches!(path(id), Err(Error::LocalArgument(_))), "{id}");
    }
}

#[test]
fn passwords_and_tokens_show_in_no_debug_text() {
    let secret = || Secret::from("hush");
    for credentials in [
        Credentials::basic("1001", secret()),
        Credentials::Bearer(secret()),
    ] {
        let request = Request::SystemInfo.to_http(&credentials, None).unwrap();
        let header = request.headers()["authorization"].clone();
        assert!(header.is_sensitive());
        let shown = format!("{credentials:?} {request:?}");
        assert!(!shown.contains("hush"), "{shown}");
        assert!(!shown.contains(header.to_str().unwrap()), "{shown}");
    }
    let colon = Credentials::basic("10:01", secret());
    assert!(matches!(colon.to_header(), Err(Error::LocalArgument(_))));
}

#[test]
fn random_request_ids_look_like_version_4_uuids_and_differ() {
    let mut random = Random::from_seed([1; 32]);
    let ids: Vec<_> = (0..100).map(|_| RequestId::random(&mut random)).collect();
    for id in &ids {
        let parts: Vec<_> = id.as_str().split('-').collect();
        assert_eq!(
            parts.iter().map(|part| part.len()).collect::<Vec<_>>(),
            [8, 4, 4, 4, 12]
        );
        assert!(
            parts[2].starts_with('4') && "89ab".contains(&parts[3][..1]),
            "{id}"
        );
    }
    let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), 100);
}

fn answer(request: &Request, status: u16, body: &str) -> Result<Answer, Error> {
    let response = http::Response::builder().status(status);
    Answer::parse(
        request,
        &response.body(Bytes::from(body.to_owned())).unwrap(),
    )
}

#[test]
fn both_statuses_of_an_accepted_request_are_taken_and_a_read_needs_its_object() {
    let sign_out = Request::SignOut {
        agent: "1".into(),
        reason_id: None,
    };
    assert_eq!(answer(&sign_out, 200, ""), Ok(Answer::Accepted));
    assert_eq!(answer(&sign_out, 202, ""), Ok(Answer::Accepted));
    assert!(matches!(
        answer(&sign_out, 304, ""),
        Err(Error::RemoteStatus(304))
    ));
    let user = Request::User { agent: "1".into() };
    assert!(matches!(
        answer(&user, 200, ""),
        Err(Error::RemoteNotXml { .. })
    ));
    assert!(matches!(
        answer(&user, 200, "<Dialogs/>"),
        Err(Error::RemoteUnexpected { .. })
    ));
    assert_eq!(
        answer(&user, 200, "<User/>"),
        Err(Error::RemoteMissing("loginId"))
    );
    let dialogs = Request::Dialogs { agent: "1".into() };
    assert_eq!(
        answer(&dialogs, 200, "<Dialogs/>"),
        Ok(Answer::Dialogs(vec![]))
    );
}

#[test]
fn the_order_of_an_errors_parts_does_not_matter_and_html_is_an_error_without_words() {
    let user = Request::User { agent: "1".into() };
    let body = "<ApiErrors><ApiError><ErrorData>1</ErrorData><ErrorType>User Not Found</ErrorType>\
                <ErrorMessage>UNKNOWN_USER</ErrorMessage></ApiError></ApiErrors>";
    let Ok(Answer::Refused(errors)) = answer(&user, 404, body) else {
        panic!("not refused")
    };
    assert_eq!(errors.to_string(), "User Not Found: UNKNOWN_USER: 1");
    let html = "<html><head><meta charset=utf-8><title>404</title></head></html>";
    let Ok(Answer::Refused(errors)) = answer(&user, 404, html) else {
        panic!("not refused")
    };
    assert_eq!((errors.status, errors.errors.len()), (Some(404), 0));
}
