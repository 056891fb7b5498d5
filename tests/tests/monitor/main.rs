//! The monitor as a browser and as a script meet it: who is let in, who may do what, what is refused, what is
//! shown, and that a stuck browser holds up nobody.

mod actions;
mod demo;
mod entry;
mod https;
mod live;
mod reload;
mod served;
mod shown;
mod site;
mod users;
