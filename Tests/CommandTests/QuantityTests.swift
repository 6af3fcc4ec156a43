import Command
import Testing

struct QuantityTests {
    @Test(arguments: [
        ("500ms", Duration.milliseconds(500)), ("0s", .zero), ("30s", .seconds(30)), ("10m", .seconds(600)),
        ("12h", .seconds(43_200)), ("14d", .seconds(1_209_600)), ("007s", .seconds(7)),
        ("9223372036854775807ms", .milliseconds(Int64.max)),
    ])
    func durationsHaveAUnit(_ text: String, _ duration: Duration) {
        #expect(Quantity.duration(text) == duration)
    }

    @Test(arguments: [
        "", "s", "ms", "10", "10 s", " 10s", "10s ", "-1s", "+1s", "1.5s", "1h30m", "10S", "10M", "10min", "1_000s",
        "0x10s",
        "١٠s", "10s\0", "9223372036854775808ms", "9223372036854775807s", "99999999999999999999d", "106751991168d",
    ])
    func whatIsNoDurationIsRefused(_ text: String) {
        #expect(Quantity.duration(text) == nil)
    }

    @Test(arguments: [("512B", 512), ("16KiB", 16_384), ("1MiB", 1_048_576), ("2GiB", 2_147_483_648), ("0B", 0)])
    func sizesHaveAUnit(_ text: String, _ bytes: Int) {
        #expect(Quantity.bytes(text) == bytes)
    }

    @Test(arguments: [
        "", "1", "1K", "1KB", "1kib", "1 MiB", "-1B", "1.5MiB", "9223372036854775808B", "9007199254740992KiB",
        "8589934592GiB",
    ])
    func whatIsNoSizeIsRefused(_ text: String) {
        #expect(Quantity.bytes(text) == nil)
    }

    @Test func whatIsWrittenIsReadBack() {
        for text in ["1ms", "1500ms", "90s", "36h", "14d", "1s"] {
            #expect(Quantity.duration(text).map { Quantity.text($0) } == text)
        }
        for text in ["1B", "1023B", "16KiB", "64MiB", "3GiB"] {
            #expect(Quantity.bytes(text).map { Quantity.text(bytes: $0) } == text)
        }
        #expect(Quantity.text(.seconds(60)) == "1m")
        #expect(Quantity.text(.zero) == "0")
    }
}
