// 7 errors: a value erases its type, which may hold an Rc: it stays in its thread. Three places, and what they are made of
use hydra::{Value, ValueMut};

fn sent<T: Send>(_: T) {}
fn shared<T: Sync>(_: &T) {}

fn main() {
    let mut counted = std::rc::Rc::new(1u8);
    sent(Value::of(&counted));
    shared(&Value::of(&counted));
    sent(ValueMut::of(&mut counted));
}
