/// Durations and sizes as the configuration writes them: a whole number and a unit, without a space, such as `30s` or
/// `16KiB`. A number without unit is refused, since nobody agrees on what it counts.
package enum Quantity {
    private struct Unit {
        let name: String
        /// In the smallest unit.
        let factor: Int64
    }

    /// The largest first, and `m` before `ms`: a suffix is compared as a whole.
    private static let durations = [
        Unit(name: "d", factor: 86_400_000),
        Unit(name: "h", factor: 3_600_000),
        Unit(name: "m", factor: 60_000),
        Unit(name: "s", factor: 1_000),
        Unit(name: "ms", factor: 1),
    ]

    private static let sizes = [
        Unit(name: "GiB", factor: 1 << 30),
        Unit(name: "MiB", factor: 1 << 20),
        Unit(name: "KiB", factor: 1 << 10),
        Unit(name: "B", factor: 1),
    ]

    /// `500ms`, `30s`, `10m`, `12h`, `14d`. `nil` for anything else, and for more milliseconds than `Int64` holds.
    package static func duration(_ text: String) -> Duration? {
        self.number(text, self.durations).map { .milliseconds($0) }
    }

    /// Bytes: `512B`, `16KiB`, `1MiB`, `2GiB`. `nil` for anything else, and for more bytes than `Int` holds.
    package static func bytes(_ text: String) -> Int? {
        self.number(text, self.sizes).flatMap { Int(exactly: $0) }
    }

    /// A text that `duration` reads back, in the largest unit that fits, to the millisecond. For the limits in our own
    /// messages: it traps on more milliseconds than `Int64` holds.
    package static func text(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        return self.text(seconds * 1_000 + attoseconds / 1_000_000_000_000_000, self.durations)
    }

    /// A text that `bytes` reads back, in the largest unit that fits.
    package static func text(bytes: Int) -> String {
        self.text(Int64(bytes), self.sizes)
    }

    private static func number(_ text: String, _ units: [Unit]) -> Int64? {
        let digits = text.utf8.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        let suffix = text.utf8.dropFirst(digits.count)
        guard
            let unit = units.first(where: { suffix.elementsEqual($0.name.utf8) }),
            // `nil` for no digits and for too many.
            let number = Int64(String(decoding: digits, as: UTF8.self))
        else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: unit.factor)
        return overflow ? nil : product
    }

    private static func text(_ number: Int64, _ units: [Unit]) -> String {
        let fitting = units.first { number != 0 && number.isMultiple(of: $0.factor) }
        return fitting.map { "\(number / $0.factor)\($0.name)" } ?? "0"
    }
}
