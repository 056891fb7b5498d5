//! Ways in: mobile agents, bearer tokens.

use std::time::Duration;

use finewire_core::agent::AgentState;
use finewire_core::contract::{Command as C, Event as Wire, MobileMode};
use finewire_core::driver;
use finewire_core::machine::Outcome;
use finewire_simulator::{Command as FinesseCommand, PASSWORD, Sso};
use finewire_tests::world::site::{Plan, Site, agent, connect, line, tell};

fn mobile(n: u32, mode: MobileMode) -> driver::Command {
    driver::Command::MobileLogin {
        agent: agent(n),
        password: PASSWORD.into(),
        extension: line(n),
        dial_number: "95551212".into(),
        mode,
    }
}

#[test]
fn a_mobile_agent_signs_in_either_way_and_takes_a_call() {
    for mode in [MobileMode::CallByCall, MobileMode::Nailed] {
        let mut site = Site::calm();
        site.expect_done(connect(3));
        site.expect_done(mobile(3, mode));

        assert_eq!(site.true_state(3), AgentState::NotReady);
        let info = |event: &Wire| matches!(event, Wire::AgentInfo(_));
        assert_eq!(site.count(3, info), 1);
        site.expect_done(tell(3, C::MakeReady));
        let dialog = site.ring(3);
        site.expect_done(tell(3, C::AnswerCall { dialog }));
        site.net.run_for(Duration::from_secs(1));
        assert_eq!(site.state(3), AgentState::Talking);
        site.settle();
        site.check_quiet();
    }
}

#[test]
fn a_mobile_agent_is_signed_in_as_one_again_after_the_connector_was_lost() {
    let mut site = Site::calm();
    site.expect_done(connect(3));
    site.expect_done(mobile(3, MobileMode::Nailed));
    let before = site.served_of("LOGIN").len();

    site.restart_connector();
    site.net.run_for(Duration::from_secs(5));
    site.await_service();
    site.settle();

    assert!(
        site.served_of("LOGIN").len() > before,
        "by the driver itself"
    );
    assert_eq!(site.true_state(3), site.state(3));
    assert!(
        site.model(3)
            .is_some_and(|model| model.user().is_signed_in())
    );
    site.check_quiet();
}

#[test]
fn who_may_not_be_mobile_is_refused_in_words_on_either_product() {
    let mut site = Site::calm();
    site.expect_done(connect(1));
    let text = site.expect_turned_down(mobile(1, MobileMode::Nailed));
    assert!(text.to_lowercase().contains("mobile"), "{text}");
    assert_eq!(site.true_state(1), AgentState::Logout);

    let mut site = Site::built(&Plan::express(7));
    site.expect_done(connect(3));
    let text = site.expect_turned_down(mobile(3, MobileMode::Nailed));
    assert!(text.starts_with("NOT_SUPPORTED"), "{text}");
    assert!(site.served_of("LOGIN").is_empty());
}

const TOKEN: &str = "aaaa.bbbbbbbb.cccccc";

fn grant(site: &mut Site, token: &str) {
    let grant = FinesseCommand::GrantToken {
        agent: agent(1),
        token: token.into(),
        life: Duration::from_secs(7200),
    };
    site.order(grant);
}

fn with_token(token: &str) -> [driver::Command; 2] {
    let connect = driver::Command::Connect {
        agent: agent(1),
        password: Some(token.into()),
        sso: true,
    };
    let login = driver::Command::login(agent(1).as_str(), token.into(), line(1).as_str());
    [connect, login]
}

#[test]
fn an_agent_with_a_bearer_token_works_as_any_other() {
    let mut site = Site::calm();
    site.turn(|knobs| knobs.sso = Sso::On);
    grant(&mut site, TOKEN);
    for command in with_token(TOKEN) {
        site.expect_done(command);
    }
    site.expect_done(tell(1, C::MakeReady));
    let dialog = site.ring(1);
    site.expect_done(tell(1, C::AnswerCall { dialog }));
    site.settle();

    assert_eq!(site.state(1), AgentState::Talking);
    site.check_quiet();
}

#[test]
fn a_password_is_no_token_where_tokens_are_wanted() {
    let mut site = Site::calm();
    site.turn(|knobs| knobs.sso = Sso::On);

    let text = site.expect_turned_down(connect(1));

    assert!(text.starts_with("SUBSCRIPTION_FAILED"), "{text}");
    let attempts = site.served().iter().filter(|r| r.status == 401).count();
    assert_eq!(attempts, 1);
}

#[test]
fn a_token_that_has_ended_is_an_error_and_a_fresh_one_goes_on() {
    let mut site = Site::calm();
    site.turn(|knobs| knobs.sso = Sso::Hybrid);
    grant(&mut site, TOKEN);
    for command in with_token(TOKEN) {
        site.expect_done(command);
    }

    site.order(FinesseCommand::ExpireTokens { agent: agent(1) });
    let outcome = site.ask(tell(1, C::MakeReady));
    assert!(matches!(outcome, Outcome::Refused(_)), "{outcome:?}");
    let refused = |event: &Wire| matches!(event, Wire::Error(refused) if refused.code.as_wire() == "AUTHORIZATION_FAILURE");
    assert_eq!(site.count(1, refused), 1);
    let fresh = "dddd.eeeeeeee.ffffff";
    grant(&mut site, fresh);
    for command in with_token(fresh) {
        site.expect_done(command);
    }
    site.expect_done(tell(1, C::MakeReady));
    site.settle();
    assert_eq!(site.state(1), AgentState::Ready);
    site.check_quiet();
}
