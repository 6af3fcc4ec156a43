import Gateway
import NIOCore
import NIOEmbedded
import NIOHTTP1
import TestSupport
import Testing

/// The lines of a head, whatever pieces they come in, and whatever somebody calls a line.
struct HeadReaderTests {
    private static let limits = HeadReader.Limits(fieldBytes: 1024, fieldCount: 10)

    private func read(_ text: String, limits: HeadReader.Limits = Self.limits) throws -> [String] {
        var reader = HeadReader(limits: limits)
        var buffer = ByteBuffer(string: text)
        guard try reader.read(&buffer) else { return [] }
        return reader.fields.map { self.line($0, reader) }
    }

    private func line(_ field: FieldLine, _ reader: HeadReader) -> String {
        String(decoding: reader.bytes[field.name], as: UTF8.self) + "="
            + String(decoding: reader.bytes[field.value], as: UTF8.self)
    }

    @Test func linesAreFoundWithTheirNamesAndValues() throws {
        let lines = try self.read("GET / HTTP/1.1\r\nHost: a\r\nX-Empty:\r\nX-Wide: \t b c \t\r\n\r\n")
        #expect(lines == ["Host=a", "X-Empty=", "X-Wide=b c"])
    }

    @Test func everyDivisionIntoTwoPiecesReadsTheSame() throws {
        let text = "\r\nGET / HTTP/1.1\r\nHost: a\r\nX-One:  1 \r\n\r\nrest"
        for index in 0...text.utf8.count {
            var reader = HeadReader(limits: Self.limits)
            var first = ByteBuffer(bytes: Array(text.utf8.prefix(index)))
            var second = ByteBuffer(bytes: Array(text.utf8.dropFirst(index)))
            var isComplete = try reader.read(&first)
            if !isComplete { isComplete = try reader.read(&second) }
            #expect(isComplete)
            #expect(reader.fields.map { self.line($0, reader) } == ["Host=a", "X-One=1"])
            #expect(first.readableBytes + second.readableBytes == 4)
        }
    }

    @Test func bytesThatComeOneByOneReadTheSame() throws {
        var reader = HeadReader(limits: Self.limits)
        var isComplete = false
        for byte in "GET / HTTP/1.1\r\nHost: a\r\nX-One: 1\r\n\r\n".utf8 {
            #expect(!isComplete)
            var buffer = ByteBuffer(bytes: [byte])
            isComplete = try reader.read(&buffer)
        }
        #expect(isComplete)
        #expect(reader.fields.map { self.line($0, reader) } == ["Host=a", "X-One=1"])
    }

    @Test(arguments: [
        "GET / HTTP/1.1\nHost: a\n\n", "GET / HTTP/1.1\r\nHost: a\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\n",
        "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", "GET / HTTP/1.1\rHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET / HTTP/1.1\r\n Host: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\tfolded\r\n\r\n", "GET / HTTP/1.1\r\n: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost\r\n\r\n",
        "GET / HTTP/1.1\r\nHo st: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\u{0}b\r\n\r\n", "GET /\u{0} HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\u{7f}\r\n\r\n", "GET / HTTP/1.1\r\nHo\u{e4}t: a\r\n\r\n",
        "\n\nGET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nX\"Y: a\r\n\r\n", "\r\n\r\nGET / HTTP/1.1\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}",
        "GET / HTTP/1.1\r\nA: b\rC: d\r\n\r\n", "GET / HTTP/1.1\r\nA: b\u{b}c\r\n\r\n",
    ])
    func whatIsNoLineIsRefusedAtOnce(_ text: String) {
        #expect(throws: MessageError.self) { try self.read(text) }
    }

    @Test func aHeadHasItsLimits() throws {
        let line = "X-Field: \(String(repeating: "x", count: 89))\r\n"
        #expect(try self.read("GET / HTTP/1.1\r\n" + String(repeating: line, count: 10) + "\r\n").count == 10)
        #expect(throws: MessageError.fieldsTooLarge) {
            try self.read("GET / HTTP/1.1\r\n" + String(repeating: line, count: 11) + "\r\n")
        }
        #expect(throws: MessageError.fieldsTooLarge) {
            try self.read("GET / HTTP/1.1\r\n" + String(repeating: "A: b\r\n", count: 11) + "\r\n")
        }
        // One line without an end is stopped, too.
        #expect(throws: MessageError.fieldsTooLarge) {
            try self.read("GET / HTTP/1.1\r\nA: " + String(repeating: "b", count: 4096))
        }
        #expect(throws: MessageError.startLineTooLong) {
            try self.read("GET /" + String(repeating: "b", count: 20_000))
        }
        #expect(throws: MessageError.startLineTooLong) {
            try self.read("GET /" + String(repeating: "b", count: 20_000) + " HTTP/1.1\r\n\r\n")
        }
    }

    /// Heads made of the pieces that parsers quarrel about. What we take, NIO's parser takes as well, and finds the same
    /// in it: nobody behind us sees another request.
    @Test func whatWeUnderstandAnotherParserUnderstandsAlike() throws {
        var random = SeededGenerator(seed: 9112)
        var taken = 0
        for _ in 0..<20_000 {
            let text = Self.head(&random)
            guard let ours = try? RequestHead.read(text) else { continue }
            taken += 1
            let theirs = try Self.parts(of: text)
            #expect(theirs?.method.rawValue == ours.method, "\(text.debugDescription)")
            #expect(theirs?.uri == ours.targetText, "\(text.debugDescription)")
            #expect(theirs?.headers.count == ours.kinds.count, "\(text.debugDescription)")
            for (name, value) in theirs?.headers ?? [:] {
                // It leaves white space at the end, which is none of the value (RFC 9112, 5.1).
                let trimmed = String(value.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
                #expect(ours.values(named: name.lowercased()).contains(trimmed), "\(text.debugDescription)")
            }
        }
        #expect(taken > 1000)
    }

    private static func head(_ random: inout SeededGenerator) -> String {
        func any(_ choices: [String]) -> String { choices.randomElement(using: &random) ?? "" }
        func rarely(_ text: String) -> String { Int.random(in: 0..<40, using: &random) == 0 ? text : "" }
        var text = rarely("\r\n") + any(["GET", "POST", "PURGE", "HEAD", "G\u{0}T"]) + rarely(" ") + " "
        text +=
            any(["/", "/a?b=c", "*", "http://a/", "/a;b", "//", "/%2f"]) + " HTTP/1." + any(["1", "1", "1", "0", "2"])
        text += rarely(" ") + "\r\n" + "Host: a\r\n"
        for _ in 0..<Int.random(in: 0..<5, using: &random) {
            text +=
                rarely(" ") + any(["X-A", "Content-Length", "Transfer-Encoding", "Connection", "Cookie", "X_B", "x!y"])
            text += rarely(" ") + any([":", ": ", ":  ", ":\t"])
            text +=
                any(["1", "chunked", "close", "a=b; c=d", "", "keep-alive, x", "\u{e4}", "a\u{9}b"]) + rarely("\u{b}")
            text += any(["\r\n", " \r\n", "\r\n", "\r\n", "\r\n"]) + rarely("\n") + rarely("\r")
        }
        return text + "\r\n"
    }

    private static func parts(of text: String) throws -> HTTPRequestHead? {
        let channel = EmbeddedChannel(
            handler: ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes))
        )
        try channel.writeInbound(ByteBuffer(string: text))
        guard case .head(let head)? = try channel.readInbound(as: HTTPServerRequestPart.self) else { return nil }
        _ = try? channel.finish()
        return head
    }
}
