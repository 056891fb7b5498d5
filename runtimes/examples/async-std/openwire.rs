//! An OpenWire producer and a consumer, and a question with its answer.
//!
//! ```text
//! finewire broker                                       # or ActiveMQ
//! cargo run -p finewire-examples --example async_std_openwire -- tcp://localhost:61616
//! ```
#![expect(clippy::print_stdout, reason = "it is a program")]

use async_std::task;
use finewire_async_std::openwire::{Consumer, Destination, Message, Producer, connect};

type Error = Box<dyn core::error::Error + Send + Sync>;

fn main() -> Result<(), Error> {
    let url = std::env::args().nth(1);
    task::block_on(run(
        url.as_deref().unwrap_or("tcp://localhost:61616"),
        |line| println!("{line}"),
    ))
}

/// Sends, takes, asks and answers at this broker, and says what it sees.
pub(crate) async fn run(url: &str, mut say: impl FnMut(String)) -> Result<(), Error> {
    let connection = connect(url).await?;

    // A queue: each order is taken once.
    let queue = Destination::queue("example.orders");
    let mut orders = connection.consumer(queue.clone()).open().await?;
    let producer = connection.producer(queue).persistent().open().await?;
    for cups in 1..=3 {
        let order = Message::text(format!("{cups} coffees"));
        producer.send(order).await?;
    }
    for _ in 1..=3 {
        let order = orders.next().await?.ok_or("the connection is over")?;
        say(format!("ordered: {}", text(&order)?));
    }

    // A question, answered over a temporary queue.
    let prices = Destination::queue("example.prices");
    let questions = connection.consumer(prices.clone()).open().await?;
    let answers = connection.anonymous_producer().open().await?;
    let answering = task::spawn(answer_one(questions, answers));
    let requester = connection.requester(prices).await?;
    let answer = requester.request(Message::text("coffee")).await?;
    say(format!("answered: {}", text(&answer)?));
    answering.await?;

    connection.close().await?;
    Ok(())
}

async fn answer_one(mut questions: Consumer, answers: Producer) -> Result<(), Error> {
    let question = questions.next().await?.ok_or("the connection is over")?;
    let mut answer = Message::text(format!("a {} costs 3", text(&question)?));
    answer.correlation_id = question.correlation_id.clone();
    let to = question.reply_to.clone().ok_or("nobody to answer")?;
    answers.send_to(to, answer).await?;
    Ok(())
}

fn text(message: &Message) -> Result<String, Error> {
    let body = message.body()?;
    Ok(body.as_text().ok_or("it is no text")?.to_string())
}
