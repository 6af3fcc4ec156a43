import Gateway
import NIOCore
import NIOHPACK
import TestSupport
import Testing

struct RequestTranslationTests {
    private static let pseudo: [(String, String)] = [
        (":method", "GET"), (":scheme", "https"), (":path", "/a?b=c"), (":authority", "app.example.com"),
    ]

    private func translate(
        _ fields: [(String, String)],
        endsStream: Bool = true
    ) throws -> (text: String, framing: Framing) {
        let request = try RequestTranslation(
            HPACKHeaders(fields),
            endsStream: endsStream,
            allocator: ByteBufferAllocator()
        )
        return (String(buffer: request.head), request.framing)
    }

    @Test func aRequestBecomesAHead() throws {
        let fields = Self.pseudo + [("accept", "*/*"), ("te", "trailers"), ("cookie", "a=1"), ("cookie", "b=2")]
        let (text, framing) = try self.translate(fields)
        #expect(
            text == "GET /a?b=c HTTP/1.1\r\nhost: app.example.com\r\naccept: */*\r\ncookie: a=1; b=2\r\n\r\n"
        )
        #expect(framing == .none)
    }

    private static let tunnel: [(String, String)] = [
        (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"), (":path", "/socket"),
        (":authority", "app.example.com"),
    ]

    @Test func aTunnelBecomesAnUpgrade() throws {
        let fields = Self.tunnel + [("sec-websocket-version", "13"), ("sec-websocket-key", "mine")]
        let (text, framing) = try self.translate(fields, endsStream: false)
        #expect(text.hasPrefix("GET /socket HTTP/1.1\r\nhost: app.example.com\r\n"))
        #expect(text.contains("\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-key: "))
        #expect(text.contains("sec-websocket-version: 13\r\n"))
        #expect(!text.contains("mine"))
        #expect(framing == .none)
    }

    @Test func aTunnelIsNothingElse() {
        var other = Self.tunnel
        other[0] = (":method", "GET")
        #expect(throws: RequestTranslation.Malformed.self) { try self.translate(other, endsStream: false) }
        #expect(throws: RequestTranslation.Malformed.self) { try self.translate(Self.tunnel, endsStream: true) }
        let sized = Self.tunnel + [("content-length", "1")]
        #expect(throws: RequestTranslation.Malformed.self) { try self.translate(sized, endsStream: false) }
        for name in ["", "web socket", "websocket\r\nx: y", "a/b"] {
            var odd = Self.tunnel
            odd[1] = (":protocol", name)
            #expect(throws: RequestTranslation.Malformed.self, "\(name)") {
                try self.translate(odd, endsStream: false)
            }
        }
    }

    @Test func aBodyIsAnnouncedAsItWas() throws {
        #expect(try self.translate(Self.pseudo, endsStream: false).framing == .chunked)
        #expect(try self.translate(Self.pseudo, endsStream: false).text.contains("transfer-encoding: chunked\r\n"))
        let sized = try self.translate(Self.pseudo + [("content-length", "12")], endsStream: false)
        #expect(sized.framing == .length(12))
        #expect(!sized.text.contains("transfer-encoding"))
    }

    @Test func aHostAloneIsEnough() throws {
        let fields = Self.pseudo.dropLast() + [("host", "app.example.com")]
        #expect(try self.translate(Array(fields)).text.contains("host: app.example.com\r\n"))
    }

    @Test(arguments: [
        [("connection", "close")], [("transfer-encoding", "chunked")], [("upgrade", "h2c")], [("keep-alive", "1")],
        [("proxy-connection", "close")], [("te", "gzip")], [("x-a", "1\r\nx-forwarded-user: mallory")],
        [("x-a", "1\n2")], [("x-a", "1\u{0}")], [("x-a: b\r\nx-c", "1")], [("x a", "1")], [("X-A", "1")], [("", "1")],
        [("x:a", "1")], [("host", "other.example.com")], [("host", "app.example.com"), ("host", "app.example.com")],
        [("content-length", "1")], [("content-length", "+0")], [("content-length", "0"), ("content-length", "0")],
        [(":path", "/b")], [("x-a", "1"), (":method", "POST")], [(":protocol", "websocket")],
    ])
    func whatCouldBeReadInTwoWaysIsMalformed(_ fields: [(String, String)]) {
        #expect(throws: RequestTranslation.Malformed.self) { try self.translate(Self.pseudo + fields) }
    }

    @Test(arguments: [
        (":path", "/ HTTP/1.1\r\nx: y"), (":path", "/a b"), (":path", "/\u{e9}"), (":path", ""),
        (":method", "GET /x HTTP/1.1\r\n"), (":method", "G T"), (":method", ""), (":scheme", "ftp"),
        (":authority", "app.example.com\r\nx: y"), (":authority", "app example"), (":authority", ""),
    ])
    func aPseudoHeaderIsOneWord(_ field: (String, String)) {
        let fields = Self.pseudo.map { $0.0 == field.0 ? field : $0 }
        #expect(throws: RequestTranslation.Malformed.self) { try self.translate(fields) }
    }

    @Test(arguments: [":method", ":scheme", ":path", ":authority"])
    func noPseudoHeaderMayBeMissing(_ name: String) {
        #expect(throws: RequestTranslation.Malformed.self) {
            try self.translate(Self.pseudo.filter { $0.0 != name })
        }
    }

    @Test func trailersBecomeLines() throws {
        let lines = try RequestTranslation.trailers(
            HPACKHeaders([("grpc-status", "0")]),
            allocator: ByteBufferAllocator()
        )
        #expect(String(buffer: lines) == "grpc-status: 0\r\n\r\n")
        #expect(throws: RequestTranslation.Malformed.self) {
            try RequestTranslation.trailers(HPACKHeaders([(":path", "/")]), allocator: ByteBufferAllocator())
        }
    }

    @Test func whateverComesItIsOneHeadOrNone() throws {
        var generator = SeededGenerator(seed: 9113)
        let alphabet = Array("ab:/ \r\n\t\u{0}GET\u{7f}\u{e9}0123-".unicodeScalars)
        func text(_ generator: inout SeededGenerator) -> String {
            var text = ""
            for _ in 0..<Int.random(in: 0...6, using: &generator) {
                text.unicodeScalars.append(alphabet.randomElement(using: &generator) ?? "a")
            }
            return text
        }
        for _ in 0..<20_000 {
            var fields = Self.pseudo
            let index = Int.random(in: 0..<fields.count, using: &generator)
            fields[index].1 += text(&generator)
            fields.append((text(&generator), text(&generator)))
            guard let head = try? self.translate(fields).text else { continue }
            // One empty line, at the end, and no line that was not a field.
            #expect(head.utf8.count { $0 == 0x0A } <= fields.count + 1)
            let lines = head.utf8.split(separator: 0x0A, omittingEmptySubsequences: false)
            #expect(lines.dropLast(2).allSatisfy { $0.last == 0x0D && $0.count > 1 })
        }
    }
}
