//! Plain records of 48 bytes with two enums, compared with the floor and rkyv. Not every bit pattern is
//! valid, so each record is validated.

use crate::AnyResult;
use crate::compare::{self, Fields, Format, Record};
use crate::peers::Run;
use crate::peers::hydra::Access;
use crate::peers::raw::{Check, Floor, Raw};
use crate::peers::rkyv::Rkyv;
use crate::report::Table;
use hydra::Hydra;
use memmap2::Mmap;
use std::path::Path;

/// The side that initiated the trade.
#[derive(Hydra, Clone, Copy, PartialEq, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
#[hydra(plain)]
#[repr(u8)]
pub enum Side {
    Buy,
    Sell,
}

/// The way a trade was made.
#[derive(Hydra, Clone, Copy, PartialEq, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
#[hydra(plain)]
#[repr(u8)]
pub enum Origin {
    Book,
    Auction,
    Block,
    Correction,
}

/// A trade whose sides and kinds are enums instead of numbers.
#[derive(Hydra, Clone, Copy, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
#[repr(C)]
#[hydra(plain, view = TradeView)]
pub struct Trade {
    time: u64,
    price: f64,
    size: f64,
    order: u64,
    account: u64,
    venue: u32,
    flags: u16,
    side: Side,
    origin: Origin,
}

/// The same record in the floor: the enums are numbers that are not checked.
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct RawTrade {
    time: u64,
    price: f64,
    size: f64,
    order: u64,
    account: u64,
    venue: u32,
    flags: u16,
    side: u8,
    origin: u8,
}

/// The result of a scan: three fields, one of them an enum.
#[derive(Clone, Copy, Default, PartialEq, Debug)]
pub struct Sums {
    time: u64,
    bought: f64,
    venue: u64,
}

impl Sums {
    #[inline(always)]
    fn add(&mut self, time: u64, price: f64, venue: u32, buys: bool) {
        self.time = self.time.wrapping_add(time);
        self.bought += if buys { price } else { -price };
        self.venue = self.venue.wrapping_add(u64::from(venue));
    }
}

impl Record for Trade {
    type Sums = Sums;

    #[inline]
    fn make(index: u64) -> Trade {
        let noise = index.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Trade {
            time: 1_700_000_000_000_000_000 + index * 1000,
            price: 100.0 + (noise >> 40) as f64 / 1024.0,
            size: (noise & 0xff) as f64,
            order: noise,
            account: noise >> 48,
            venue: (noise >> 32) as u32 & 7,
            flags: 0,
            side: if noise >> 63 == 0 { Side::Buy } else { Side::Sell },
            origin: [Origin::Book, Origin::Auction, Origin::Block, Origin::Correction]
                [(noise >> 61) as usize & 3],
        }
    }
}

/// Implements the fields of a trade for each representation.
macro_rules! fields {
    ($($form:ty, |$trade:ident| $time:expr, $price:expr, $venue:expr, $buys:expr;)*) => {$(
        impl Fields<Sums> for $form {
            #[inline(always)]
            fn add(&self, sums: &mut Sums) {
                let $trade = self;
                sums.add($time, $price, $venue, $buys);
            }

            #[inline(always)]
            fn stamp(&self) -> u64 {
                let $trade = self;
                $time
            }

            #[inline(always)]
            fn look(&self) -> u64 {
                let $trade = self;
                $price.to_bits() ^ u64::from($buys)
            }
        }
    )*};
}
fields! {
    Trade, |trade| trade.time, trade.price, trade.venue, trade.side == Side::Buy;
    TradeView<'_>, |trade| trade.time(), trade.price(), trade.venue(), trade.side() == Side::Buy;
    ArchivedTrade, |trade| trade.time.to_native(), trade.price.to_native(), trade.venue.to_native(),
        matches!(trade.side, ArchivedSide::Buy);
    RawTrade, |trade| trade.time, trade.price, trade.venue, trade.side == 0;
}

impl Floor for Trade {
    const PARTS: usize = 1;
    type Seen<'a> = &'a RawTrade;

    #[inline]
    fn put(&self, parts: &mut [Run]) -> AnyResult<()> {
        let raw = RawTrade {
            time: self.time,
            price: self.price,
            size: self.size,
            order: self.order,
            account: self.account,
            venue: self.venue,
            flags: self.flags,
            side: self.side as u8,
            origin: self.origin as u8,
        };
        parts.iter_mut().try_for_each(|part| Ok(part.push(bytemuck::bytes_of(&raw))?))
    }

    fn rows(parts: &[Mmap]) -> AnyResult<impl Iterator<Item = &RawTrade>> {
        Ok(bytemuck::cast_slice::<u8, RawTrade>(&parts[0]).iter())
    }

    #[inline]
    fn row(parts: &[Mmap], index: usize) -> AnyResult<&RawTrade> {
        Ok(&bytemuck::cast_slice::<u8, RawTrade>(&parts[0])[index])
    }

    fn owned(raw: &RawTrade) -> AnyResult<Trade> {
        let origins = [Origin::Book, Origin::Auction, Origin::Block, Origin::Correction];
        let sides = [Side::Buy, Side::Sell];
        Ok(Trade {
            time: raw.time,
            price: raw.price,
            size: raw.size,
            order: raw.order,
            account: raw.account,
            venue: raw.venue,
            flags: raw.flags,
            side: *sides.get(usize::from(raw.side)).ok_or("no such side")?,
            origin: *origins.get(usize::from(raw.origin)).ok_or("no such origin")?,
        })
    }
}

/// Compares the floor, Hydra and rkyv with `count` trades.
pub fn run(folder: &Path, count: usize, rounds: usize) -> AnyResult<Table> {
    let formats: [Box<dyn Format<Trade>>; 6] = [
        Box::new(Raw(Check::Nothing)),
        Box::new(Raw(Check::Sums)),
        Box::new(Access::Map),
        Box::new(Access::Buffers),
        Box::new(Rkyv(true)),
        Box::new(Rkyv(false)),
    ];
    compare::run(folder, &formats, count, rounds)
}
