import BackChannel
import Testing

@Suite(.timeLimit(.minutes(1))) struct BackChannelResponseTests {
    /// What we make of an answer, sent as it is; the connection is closed after it.
    private func receive(
        _ bytes: [UInt8],
        _ change: (inout BackChannelConfiguration) -> Void = { _ in }
    ) async throws -> BackChannelResponse {
        let server = try LoopbackServer { connection in
            guard connection.readRequest() != nil else { return }
            connection.send(bytes)
        }
        return try await makeBackChannel(change).send(BackChannelRequest(url: server.url()))
    }

    private func receive(_ text: String) async throws -> BackChannelResponse {
        try await self.receive(Array(text.utf8))
    }

    @Test func namesAreFoldedAndValuesTrimmed() async throws {
        let response = try await self.receive(
            "HTTP/1.1 404 Not Found\r\nContent-TYPE:  application/json \r\nX-A: 1\r\nx-a:2\r\nX-Empty:\r\n"
                + "Content-Length: 2\r\n\r\n{}"
        )
        #expect(response.status == 404)
        #expect(response.headers.map(\.name) == ["content-type", "x-a", "x-a", "x-empty", "content-length"])
        #expect(response.headers.map(\.value) == ["application/json", "1", "2", "", "2"])
        #expect(response.header("x-a") == "1")
        #expect(response.header("x-b") == nil)
        #expect(response.body == Array("{}".utf8))
    }

    @Test func interimHeadsAndTrailersAreLeftOut() async throws {
        let response = try await self.receive(
            "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
                + "HTTP/1.1 200 OK\r\nX-Final: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "2\r\nok\r\n0\r\nX-Trailer: 1\r\n\r\n"
        )
        #expect(response.status == 200)
        #expect(response.headers.map(\.name) == ["x-final", "transfer-encoding"])
        #expect(response.body == Array("ok".utf8))
    }

    @Test func aFoldedLineIsNotAField() async throws {
        let response = try await self.receive("HTTP/1.1 200 OK\r\nX-A: 1\r\n X-B: 2\r\nContent-Length: 0\r\n\r\n")
        #expect(response.header("x-b") == nil)
    }

    @Test func aCompressedAnswerIsDecompressed() async throws {
        let text = String(repeating: "gatehouse ", count: 100)
        let compressed = try await runCommand(["sh", "-c", "printf '%s' '\(text)' | gzip -9"])
        let head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(compressed.count)\r\n\r\n"
        let response = try await self.receive(Array(head.utf8) + compressed)
        #expect(response.body == Array(text.utf8))
    }

    @Test(arguments: ["gzip", "gzip, gzip"]) func aBombEndsAtTheLimit(_ encoding: String) async throws {
        let layers = encoding.utf8.contains(UInt8(ascii: ",")) ? "gzip -9 | gzip -9" : "gzip -9"
        let bomb = try await runCommand(["sh", "-c", "head -c 20000000 /dev/zero | \(layers)"])
        #expect(bomb.count < 1 << 18)
        let head = "HTTP/1.1 200 OK\r\nContent-Encoding: \(encoding)\r\nContent-Length: \(bomb.count)\r\n\r\n"
        await #expect(throws: BackChannelError.tooLarge) { try await self.receive(Array(head.utf8) + bomb) }
    }

    @Test func aBrokenCompressionIsMalformed() async throws {
        let error = await #expect(throws: BackChannelError.self) {
            try await self.receive("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd")
        }
        #expect(error?.isMalformed == true, "\(String(reflecting: error))")
    }

    @Test(arguments: [true, false]) func theBodyMayReachTheLimitButNotPassIt(_ isAnnounced: Bool) async throws {
        for (size, isTooLarge) in [(1000, false), (1001, true)] {
            let announcement = isAnnounced ? "Content-Length: \(size)\r\n" : "Connection: close\r\n"
            let text = "HTTP/1.1 200 OK\r\n\(announcement)\r\n" + String(repeating: "a", count: size)
            do throws(any Error) {
                let response = try await self.receive(Array(text.utf8)) { $0.maximumResponseBytes = 1000 }
                #expect(!isTooLarge && response.body.count == size)
            } catch {
                #expect(isTooLarge && error as? BackChannelError == .tooLarge, "\(String(reflecting: error))")
            }
        }
    }

    @Test(arguments: [0, 9000]) func aHeaderWithoutEndIsTooLarge(_ size: Int) async throws {
        let line = "X-A: " + String(repeating: "a", count: size) + "\r\n"
        let server = try LoopbackServer { connection in
            guard connection.readRequest() != nil else { return }
            connection.send("HTTP/1.1 200 OK\r\n")
            while connection.send(line) {}
        }
        #expect(await failure(try makeBackChannel(), BackChannelRequest(url: server.url())) == .tooLarge)
    }

    @Test func interimAnswersWithoutEndAreTooLarge() async throws {
        let server = try LoopbackServer { connection in
            guard connection.readRequest() != nil else { return }
            while connection.send("HTTP/1.1 100 Continue\r\n\r\n") {}
        }
        #expect(await failure(try makeBackChannel(), BackChannelRequest(url: server.url())) == .tooLarge)
    }

    @Test(arguments: [
        "hello\r\n\r\n", "HTTP/9.9 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "\0\0\0\0\0\0\0\0\0\0\r\n\r\n",
    ])
    func anAnswerThatIsNotHTTPIsMalformed(_ text: String) async throws {
        let error = await #expect(throws: BackChannelError.self) { try await self.receive(text) }
        #expect(error?.isMalformed == true, "\(String(reflecting: error))")
    }

    @Test(arguments: ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"])
    func anAnswerCutShortIsInterrupted(_ text: String) async throws {
        await #expect(throws: BackChannelError.interrupted) { try await self.receive(text) }
    }

    /// Every mutated answer ends in a response or an error of ours, within the bounds.
    @Test func mutatedAnswersEndWell() async throws {
        let original = Array(
            ("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-A: b\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "5\r\n{\"a\":\r\n2\r\n1}\r\n0\r\nX-T: 1\r\n\r\n").utf8
        )
        let random = Counter()
        let server = try LoopbackServer { connection in
            guard connection.readRequest() != nil else { return }
            var generator = Mutations(seed: UInt64(random.up()))
            connection.send(generator.mutate(original))
        }
        let channel = try makeBackChannel {
            $0.timeout = .seconds(5)
            $0.maximumResponseBytes = 4096
        }
        var answers = 0
        for _ in 0..<500 {
            do throws(BackChannelError) {
                let response = try await channel.send(BackChannelRequest(url: server.url()))
                #expect(response.body.count <= 4096)
                for (name, value) in response.headers {
                    #expect(!name.isEmpty)
                    #expect(!value.utf8.contains(0x0A))
                }
                answers += 1
            } catch {
                #expect(error != .timeout)
            }
        }
        #expect(answers > 20)
    }
}

/// Changes bytes as a seed says: always the same for the same seed (SplitMix64).
struct Mutations {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    private mutating func next(_ bound: Int) -> Int {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((z ^ (z >> 31)) % UInt64(bound))
    }

    mutating func mutate(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0...self.next(3) {
            let index = self.next(bytes.count)
            switch self.next(4) {
            case 0: bytes[index] = UInt8(self.next(256))
            case 1: bytes.insert(contentsOf: Array("\r\n: 09\0aF".utf8).dropFirst(self.next(9)).prefix(1), at: index)
            case 2: bytes.remove(at: index)
            default: bytes.removeLast(self.next(bytes.count / 4))
            }
        }
        return bytes
    }
}
