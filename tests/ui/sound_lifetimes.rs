// 6 errors: rkyv RUSTSEC-2026-0233, memory used after it was freed: what is read in place borrows from what keeps it alive
use hydra::{Block, Dynamic, Record, Result, Value, ValueMut};

fn view() -> &'static str {
    let image = hydra::to_bytes(&"text".to_string()).unwrap();
    hydra::view::<String>(&image).unwrap()
}

fn slice(block: Block<u64>) -> &'static [u64] {
    block.as_slice()
}

fn value<'a>(record: Record<'a, u64>) -> Value<'a> {
    record.value()
}

fn part<'a>(dynamic: Dynamic) -> Result<&'a str> {
    dynamic.value().field("0")?.get::<&str>()
}

fn live<'a>() -> &'a u64 {
    let number = 7u64;
    Value::of(&number).downcast_ref::<u64>().unwrap()
}

fn changed<'a>(mut dynamic: Dynamic) -> ValueMut<'a> {
    dynamic.value_mut()
}

fn main() {}
