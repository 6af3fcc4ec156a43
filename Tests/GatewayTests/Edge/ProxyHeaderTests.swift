import Gateway
import TestSupport
import Testing

struct ProxyHeaderTests {
    private static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]

    private func read(_ text: String) -> ProxyHeader.Reading { ProxyHeader.read(Array(text.utf8).span) }
    private func read(_ bytes: [UInt8]) -> ProxyHeader.Reading { ProxyHeader.read(bytes.span) }

    private func binary(_ command: UInt8, _ family: UInt8, _ rest: [UInt8]) -> [UInt8] {
        Self.signature + [command, family, UInt8(rest.count >> 8), UInt8(rest.count & 0xFF)] + rest
    }

    @Test func aLineOfVersion1TellsTheAddress() {
        let line = "PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n"
        #expect(self.read(line + "GET / HTTP/1.1\r\n") == .header(.address("192.0.2.1"), length: line.utf8.count))
        let six = "PROXY TCP6 2001:DB8::1 ::1 1 65535\r\n"
        #expect(self.read(six) == .header(.address("2001:db8::1"), length: six.utf8.count))
    }

    @Test func whoIsUnknownHasNoAddress() {
        #expect(self.read("PROXY UNKNOWN\r\n") == .header(.none, length: 15))
        #expect(self.read("PROXY UNKNOWN ffff:: 1 2 3\r\nx") == .header(.none, length: 28))
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\n", "PROXY TCP4 192.0.2.1 198.51.100.2 56324\r\n", "PROXY TCP4 ::1 ::1 1 2\r\n",
        "PROXY TCP6 192.0.2.1 192.0.2.1 1 2\r\n", "PROXY TCP4 192.0.2.1 198.51.100.2 1 65536\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 01 2\r\n", "PROXY TCP4 192.0.2.1  198.51.100.2 1 2\r\n",
        "PROXY TCP4 192.0.2.01 198.51.100.2 1 2\r\n", "PROXY TCP4 192.0.2.1 198.51.100.2 1 2\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 1 2 \r\n", "PROXY UDP4 192.0.2.1 198.51.100.2 1 2\r\n",
        "proxy TCP4 192.0.2.1 198.51.100.2 1 2\r\n", "PROXY \r\n",
    ])
    func anotherLineIsRefused(_ line: String) {
        #expect(self.read(line) == .refused)
    }

    @Test func aLineWithoutEndIsRefusedOnceItIsTooLong() {
        let start = "PROXY UNKNOWN "
        #expect(self.read(start) == .incomplete)
        #expect(self.read(start + String(repeating: "x", count: 200)) == .refused)
    }

    @Test func theBytesOfVersion2TellTheAddress() {
        let four = self.binary(0x21, 0x11, [192, 0, 2, 1, 198, 51, 100, 2, 0, 1, 0, 2])
        #expect(self.read(four + [0x16, 3, 1]) == .header(.address("192.0.2.1"), length: 28))
        let address: [UInt8] = [0x20, 1, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
        let six = self.binary(0x21, 0x21, address + address + [0, 1, 0, 2] + [4, 0, 1, 7])
        #expect(self.read(six) == .header(.address("2001:db8::1"), length: 56))
    }

    @Test func theBalancersOwnConnectionHasNoAddress() {
        #expect(self.read(self.binary(0x20, 0x11, [1, 2, 3, 4])) == .header(.none, length: 20))
        #expect(self.read(self.binary(0x21, 0x00, [])) == .header(.none, length: 16))
    }

    @Test func otherBytesAreRefused() {
        #expect(self.read(self.binary(0x11, 0x11, [UInt8](repeating: 0, count: 12))) == .refused)
        #expect(self.read(self.binary(0x22, 0x11, [UInt8](repeating: 0, count: 12))) == .refused)
        #expect(self.read(self.binary(0x21, 0x11, [1, 2, 3])) == .refused)
        #expect(self.read(self.binary(0x21, 0x41, [UInt8](repeating: 0, count: 12))) == .refused)
        #expect(self.read(self.binary(0x21, 0x11, [UInt8](repeating: 0, count: 5000))) == .refused)
        #expect(self.read([0x0D, 0x0A, 0x0D, 0x0B]) == .refused)
    }

    @Test func whateverComesItIsReadTheSameInPiecesAndNeverBeyondItsEnd() {
        var generator = SeededGenerator(seed: 6)
        let seeds = [
            Array("PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n".utf8), Array("PROXY UNKNOWN\r\n".utf8),
            self.binary(0x21, 0x11, [192, 0, 2, 1, 198, 51, 100, 2, 0, 1, 0, 2]), self.binary(0x20, 0, []),
        ]
        for round in 0..<20_000 {
            var bytes = seeds[round % seeds.count]
            for _ in 0..<Int.random(in: 0...3, using: &generator) where !bytes.isEmpty {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0...2, using: &generator) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: index)
                default: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: index)
                }
            }
            let whole = self.read(bytes)
            guard case .header(_, let length) = whole else { continue }
            #expect(length <= bytes.count)
            // Nothing behind the end changes what it says, and nothing before it is enough.
            #expect(self.read(Array(bytes.prefix(length)) + [0x47]) == whole)
            for end in 0..<length {
                let part = self.read(Array(bytes.prefix(end)))
                #expect(part == .incomplete)
            }
        }
    }
}
