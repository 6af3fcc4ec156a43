import Command
import Testing

struct AnswerReaderTests {
    /// The answer in these parts, the connection closed after the last one when `closes`.
    private func read(_ parts: String..., hasBody: Bool = true, closes: Bool = false) -> WireAnswer? {
        var reader = AnswerReader(hasBody: hasBody)
        var step = AnswerReader.Step.more
        for part in parts { step = reader.receive(part.utf8) }
        if closes { step = reader.end() }
        guard case .complete(let answer) = step else { return nil }
        return answer
    }

    @Test func aBodyIsAsLongAsItSays() throws {
        #expect(self.read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel") == nil)
        let answer = try #require(self.read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", "lo and more"))
        #expect(answer.status == 200)
        #expect(answer.body == Array("hello".utf8))
    }

    @Test func fieldsAreInLowerCaseAndInOrder() throws {
        let answer = try #require(
            self.read(
                "HTTP/1.1 302 Found\r\nSet-Cookie: a=1\r\nLOCATION:  /x \r\nset-cookie: b=2\r\nContent-Length: 0\r\n\r\n"
            )
        )
        #expect(answer.all("set-cookie") == ["a=1", "b=2"])
        #expect(answer.first("location") == "/x")
    }

    @Test func chunksAreJoined() throws {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        #expect(self.read(head, "3\r\nabc\r\n") == nil)
        #expect(try #require(self.read(head, "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n")).body == Array("abcde".utf8))
        #expect(try #require(self.read(head, "3\r\nabc\r\nff\r\nd", closes: true)).body == Array("abcd".utf8))
    }

    @Test(arguments: ["-1", "7fffffffffffffff", "8000000000000000", "zz", ""])
    func aChunkOfNoSensibleSizeEndsTheBody(_ size: String) {
        let answer = self.read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(size)\r\nx", closes: true)
        #expect(answer?.status == 200)
    }

    @Test func withoutALengthItEndsWithTheConnection() throws {
        #expect(self.read("HTTP/1.1 200 OK\r\n\r\nabc") == nil)
        #expect(try #require(self.read("HTTP/1.1 200 OK\r\n\r\nabc", closes: true)).body == Array("abc".utf8))
    }

    @Test func interimAnswersArePassedOver() throws {
        #expect(try #require(self.read("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")).status == 204)
    }

    @Test func anAnswerToHeadHasNoBody() throws {
        #expect(try #require(self.read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", hasBody: false)).body.isEmpty)
    }

    @Test(arguments: [
        "SSH-2.0-x\r\n\r\n", "HTTP/1.1 x\r\n\r\n", "HTTP/1.1 20000 x\r\n\r\n", "HTTP/2 200\r\n\r\n", "\r\n\r\n",
    ])
    func whatIsNoHTTPIsMalformed(_ text: String) {
        var reader = AnswerReader()
        guard case .malformed = reader.receive(text.utf8) else {
            Issue.record("taken for an answer")
            return
        }
    }

    @Test func aClosedConnectionWithoutAnAnswerIsMalformed() {
        var reader = AnswerReader()
        guard case .malformed = reader.end() else {
            Issue.record("taken for an answer")
            return
        }
    }

    @Test func whatIsTooLongIsCut() throws {
        let body = String(repeating: "x", count: AnswerReader.maximumBytes * 2)
        let answer = try #require(self.read("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", body))
        #expect(answer.body.count < AnswerReader.maximumBytes)
    }
}
