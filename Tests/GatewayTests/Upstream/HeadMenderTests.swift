import Gateway
import NIOCore
import Testing

struct HeadMenderTests {
    /// The mended head, and how many bytes behind it are left.
    private func mended(_ text: String, _ quirks: [Upstream.Quirk]) throws -> (head: String, rest: Int)? {
        var mender = HeadMender(quirks)
        var buffer = ByteBuffer(string: text)
        return try mender.read(&buffer).map { (String(buffer: $0), buffer.readableBytes) }
    }

    private static let strict = "HTTP/1.1 200 OK\r\nX: a\r\nContent-Length: 2\r\n\r\n"

    @Test func aStrictHeadStaysAsItIs() throws {
        let mended = try self.mended(Self.strict + "ok", Upstream.Quirk.allCases)
        #expect(mended?.head == Self.strict)
        #expect(mended?.rest == 2)
    }

    @Test func bareLineFeedsAreMendedWhereTheyAreTolerated() throws {
        let bare = "HTTP/1.1 200 OK\nX: a\nContent-Length: 2\n\n"
        #expect(try self.mended(bare, [.bareLineFeed])?.head == Self.strict)
        #expect(try self.mended(bare, [.foldedFields, .repeatedLength])?.head == bare)
    }

    @Test func foldedFieldsBecomeOneLineWhereTheyAreTolerated() throws {
        let folded = "HTTP/1.1 200 OK\r\nX: a\r\n \t b\r\n\r\n"
        #expect(try self.mended(folded, [.foldedFields])?.head == "HTTP/1.1 200 OK\r\nX: a b\r\n\r\n")
        #expect(try self.mended(folded, [.bareLineFeed])?.head == folded)
    }

    @Test func theSameLengthTwiceIsOneWhereItIsTolerated() throws {
        let doubled = "HTTP/1.1 200 OK\r\nX: a\r\nContent-Length: 2\r\ncontent-length:2\r\n\r\n"
        #expect(try self.mended(doubled, [.repeatedLength])?.head == Self.strict)
        #expect(try self.mended(doubled, [.bareLineFeed])?.head == doubled)
    }

    @Test func twoLengthsAreTwoReadingsAlways() throws {
        let two = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n"
        #expect(try self.mended(two, Upstream.Quirk.allCases)?.head == two)
    }

    @Test func aHeadWithoutEndIsNotCollectedForEver() {
        #expect(throws: MessageError.self) { try self.mended(String(repeating: "x", count: 300_000), [.bareLineFeed]) }
    }

    @Test func whatIsNotCompleteIsWaitedFor() throws {
        #expect(try self.mended("HTTP/1.1 200 OK\r\nX: a\r\n", [.bareLineFeed]) == nil)
    }
}
