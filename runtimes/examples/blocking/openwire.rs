//! An OpenWire producer and a consumer, and a question with its answer, without futures.
//!
//! ```text
//! finewire broker                                       # or ActiveMQ
//! cargo run -p finewire-examples --example blocking_openwire -- tcp://localhost:61616
//! ```
#![expect(clippy::print_stdout, reason = "it is a program")]

use core::time::Duration;
use finewire_blocking::openwire::{Consumer, Destination, Message, Producer, connect};

type Error = Box<dyn core::error::Error + Send + Sync>;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(10);

fn main() -> Result<(), Error> {
    let url = std::env::args().nth(1);
    let url = url.as_deref().unwrap_or("tcp://localhost:61616");
    run(url, |line| println!("{line}"))
}

/// Sends, takes, asks and answers at this broker, and says what it sees.
pub(crate) fn run(url: &str, mut say: impl FnMut(String)) -> Result<(), Error> {
    let connection = connect(url, PATIENCE)?;

    // A queue: each order is taken once.
    let queue = Destination::queue("example.orders");
    let orders = connection.consumer(queue.clone(), |it| it)?;
    let producer = connection.producer(queue, |it| it.persistent())?;
    for cups in 1..=3 {
        let order = Message::text(format!("{cups} coffees"));
        producer.send(order)?;
    }
    // A consumer is an iterator; `next_within` waits no longer than it is told to.
    for order in orders.take(3) {
        say(format!("ordered: {}", text(&*order?)?));
    }

    // A question, answered over a temporary queue.
    let prices = Destination::queue("example.prices");
    let questions = connection.consumer(prices.clone(), |it| it)?;
    let answers = connection.anonymous_producer(|it| it)?;
    let answering = std::thread::spawn(move || answer_one(questions, &answers));
    let requester = connection.requester(prices)?;
    let answer = requester.request(Message::text("coffee"), PATIENCE)?;
    say(format!("answered: {}", text(&answer)?));
    answering
        .join()
        .map_err(|_| "the answering thread has panicked")??;

    connection.close()?;
    Ok(())
}

fn answer_one(mut questions: Consumer, answers: &Producer) -> Result<(), Error> {
    let question = questions.next_within(PATIENCE)?.ok_or("nobody asks")?;
    let mut answer = Message::text(format!("a {} costs 3", text(&question)?));
    answer.correlation_id = question.correlation_id.clone();
    let to = question.reply_to.clone().ok_or("nobody to answer")?;
    answers.send_to(to, answer)?;
    Ok(())
}

fn text(message: &Message) -> Result<String, Error> {
    let body = message.body()?;
    Ok(body.as_text().ok_or("it is no text")?.to_string())
}
