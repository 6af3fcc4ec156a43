import Gateway
import NIOCore
import Testing

/// An upstream's head: its status, how its body ends, and what is not believed.
struct ResponseHeadTests {
    private func read(_ text: String, isOfStream: Bool = false) throws -> ResponseHead {
        let head = ResponseHead(isOfStream: isOfStream)
        var buffer = ByteBuffer(string: text.replacing("\n", with: "\r\n"))
        #expect(try head.read(&buffer))
        return head
    }

    @Test func theStatusLineIsRead() throws {
        #expect(try self.read("HTTP/1.1 200 OK\n\n").status == 200)
        #expect(try self.read("HTTP/1.1 404 \n\n").status == 404)
        // The last space is often forgotten.
        #expect(try self.read("HTTP/1.1 204\n\n").status == 204)
        #expect(try self.read("HTTP/1.0 200 Fine \u{e4}\n\n").status == 200)
    }

    @Test(arguments: [
        "HTTP/1.1 20 OK", "HTTP/1.1 2000 OK", "HTTP/1.1  200 OK", "HTTP/1.1 099 No", "HTTP/2.0 200 OK",
        "HTTP/1.2 200 OK",
        "http/1.1 200 OK", "HTTP/1.1 2x0 OK", "HTTP/1.1 200OK", "ICY 200 OK", "HTTP/1.1", "HTTP/1.1\t200 OK",
    ])
    func whatIsNoStatusLineIsRefused(_ line: String) {
        #expect(throws: MessageError.self) { try self.read(line + "\n\n") }
    }

    @Test func theBodyIsDelimitedInOneWay() throws {
        #expect(try self.read("HTTP/1.1 200 OK\nContent-Length: 5\n\n").framing == .length(5))
        #expect(try self.read("HTTP/1.1 200 OK\nTransfer-Encoding: Chunked\n\n").framing == .chunked)
        #expect(try self.read("HTTP/1.1 200 OK\n\n").framing == .untilClose)
    }

    @Test(arguments: [
        "Content-Length: 5\nContent-Length: 5", "Content-Length: 5\nContent-Length: 6", "Content-Length: 5, 5",
        "Content-Length: -5", "Content-Length: ", "Content-Length: 5\nTransfer-Encoding: chunked",
        "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked\nTransfer-Encoding: chunked",
        "Transfer-Encoding: identity", "Content-Length : 5", " folded: 1",
    ])
    func twoReadingsAreNone(_ fields: String) {
        #expect(throws: MessageError.self) { try self.read("HTTP/1.1 200 OK\n" + fields + "\n\n") }
    }

    @Test func theConnectionStaysAsTheUpstreamSays() throws {
        #expect(try self.read("HTTP/1.1 200 OK\n\n").keepAlive)
        #expect(try !self.read("HTTP/1.1 200 OK\nConnection: Close\n\n").keepAlive)
        #expect(try !self.read("HTTP/1.1 200 OK\nConnection: x, close\n\n").keepAlive)
        #expect(try !self.read("HTTP/1.0 200 OK\n\n").keepAlive)
        #expect(try self.read("HTTP/1.0 200 OK\nConnection: keep-alive\n\n").keepAlive)
        #expect(try self.read("HTTP/1.0 200 OK\nConnection: x, keep-alive\n\n").keepAlive)
    }

    @Test(arguments: [
        "Connection: close\nConnection: keep-alive", "Connection: keep-alive\nConnection: close",
        "Connection: keep-alive, close", "Connection: close, keep-alive",
    ])
    func whoWantsToCloseAndToKeepCloses(_ fields: String) throws {
        #expect(try !self.read("HTTP/1.1 200 OK\n" + fields + "\n\n").keepAlive)
        #expect(try !self.read("HTTP/1.0 200 OK\n" + fields + "\n\n").keepAlive)
    }

    @Test func chunksOfWhoKnowsNoneAreFaulty() {
        #expect(throws: MessageError.self) { try self.read("HTTP/1.0 200 OK\nTransfer-Encoding: chunked\n\n") }
    }

    @Test func aStreamsLengthIsKnownThoughItComesInChunks() throws {
        let head = try self.read(
            "HTTP/1.1 200 OK\nContent-Length: 5\nTransfer-Encoding: chunked\n\n",
            isOfStream: true
        )
        #expect(head.framing == .chunked)
        #expect(head.length == 5)
    }

    @Test func nothingOfAResponseIsLeftForTheNext() throws {
        let head = try self.read("HTTP/1.1 200 OK\nContent-Length: 5\nConnection: close\n\n")
        var buffer = ByteBuffer(string: "HTTP/1.1 404 Not Found\r\n\r\n")
        head.reset()
        #expect(try head.read(&buffer))
        #expect(head.status == 404)
        #expect(head.framing == .untilClose)
        #expect(head.keepAlive)
    }
}
