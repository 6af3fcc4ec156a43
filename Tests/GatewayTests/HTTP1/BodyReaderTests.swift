import Gateway
import NIOCore
import Testing

/// Where a body ends, whatever pieces it comes in.
struct BodyReaderTests {
    /// The body and the trailers' lines, from pieces of this size; `nil` if its end has not come.
    private func read(_ framing: Framing, _ text: String, pieces size: Int) throws -> (body: String, rest: String)? {
        var reader = BodyReader(framing)
        var waiting = ByteBuffer()
        var body = ByteBuffer()
        var bytes = Array(text.utf8)[...]
        while true {
            while let event = try reader.next(&waiting) {
                switch event {
                case .body(let piece): body.writeImmutableBuffer(piece)
                case .end:
                    return (String(buffer: body), String(buffer: waiting) + String(decoding: bytes, as: UTF8.self))
                }
            }
            guard !bytes.isEmpty else { return nil }
            waiting.writeBytes(bytes.prefix(size))
            bytes = bytes.dropFirst(size)
        }
    }

    @Test(arguments: 1...20)
    func aLengthIsKeptExactly(_ size: Int) throws {
        let found = try self.read(.length(5), "helloGET / HTTP/1.1", pieces: size)
        #expect(found?.body == "hello")
        #expect(found?.rest == "GET / HTTP/1.1")
    }

    @Test(arguments: 1...40)
    func chunksAreJoined(_ size: Int) throws {
        let text = "5\r\nhello\r\n00A;name=\"value\"\r\n, chunked.\r\n0\r\nX-Trailer: 1\r\n\r\nGET /"
        let found = try self.read(.chunked, text, pieces: size)
        #expect(found?.body == "hello, chunked.")
        #expect(found?.rest == "GET /")
    }

    @Test func aBodyThatIsNotThereEndsAtOnce() throws {
        #expect(try self.read(.none, "GET /", pieces: 5)?.body == "")
        #expect(try self.read(.length(0), "GET /", pieces: 5)?.body == "")
    }

    @Test func aBodyThatIsNotCompleteHasNoEnd() throws {
        #expect(try self.read(.length(5), "hell", pieces: 1) == nil)
        #expect(try self.read(.chunked, "5\r\nhello\r\n", pieces: 1) == nil)
        #expect(try self.read(.chunked, "5\r\nhello\r\n0\r\n", pieces: 1) == nil)
        #expect(try self.read(.untilClose, "hello", pieces: 1) == nil)
    }

    @Test(arguments: [
        "5\nhello\r\n0\r\n\r\n", "5\r\nhello0\r\n\r\n", "5\r\nhello\n0\r\n\r\n", "\r\n", "x\r\n", "0x5\r\nhello\r\n",
        "-1\r\n", "+5\r\nhello\r\n", " 5\r\nhello\r\n", "5 \r\nhello\r\n", "5\u{0}\r\nhello\r\n",
        "5;\u{1}\r\nhello\r\n",
        "FFFFFFFFFFFFFFFF\r\n", "10000000000000005\r\nhello\r\n", "5;a\nb\r\nhello\r\n", "5\rhello\r\n",
        "0\r\nX Trailer: 1\r\n\r\n", "0\r\n folded\r\n\r\n", "0\r\nX-Trailer: 1\n\r\n", "0\n\r\n", "5\r\nhello!\r\n",
    ])
    func whatIsNoChunkIsRefused(_ text: String) {
        for size in [1, 2, 1000] {
            #expect(throws: MessageError.self) { try self.read(.chunked, text, pieces: size) }
        }
    }

    @Test func anExtensionAndTrailersHaveALimit() {
        #expect(throws: MessageError.self) {
            try self.read(.chunked, "5;" + String(repeating: "a", count: 300) + "\r\nhello\r\n", pieces: 1000)
        }
        #expect(throws: MessageError.fieldsTooLarge) {
            try self.read(.chunked, "0\r\n" + String(repeating: "A: b\r\n", count: 40) + "\r\n", pieces: 1000)
        }
    }

    @Test func whetherTheRestIsHereCanBeAskedWithoutTakingIt() throws {
        let reader = BodyReader(.chunked)
        #expect(reader.isComplete(in: ByteBuffer(string: "1\r\na\r\n0\r\n\r\n")))
        #expect(!reader.isComplete(in: ByteBuffer(string: "1\r\na\r\n0\r\n")))
        #expect(!reader.isComplete(in: ByteBuffer(string: "nonsense")))
        #expect(!reader.hasEnded)
    }
}
