import Gateway
import NIOCore
import Testing

/// Frames as RFC 6455, 5.7 shows them, and where we believe to be between them.
struct WebSocketFramesTests {
    private static let examples: [[UInt8]] = [
        [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f],
        [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58],
        [0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f],
        [0x89, 0x00],
        [0x8a, 0x80, 0, 0, 0, 0],
        [0x82, 0x7E, 0x01, 0x00] + [UInt8](repeating: 7, count: 256),
        [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0] + [UInt8](repeating: 7, count: 65_536),
    ]

    @Test(arguments: examples) func aWholeFrameEndsBetweenFrames(_ bytes: [UInt8]) {
        var frames = WebSocketFrames()
        #expect(frames.pass(ByteBuffer(bytes: bytes)) == bytes.count)
        #expect(frames.isBetweenFrames)
    }

    @Test(arguments: examples) func aFrameInPiecesIsTheSame(_ bytes: [UInt8]) {
        var frames = WebSocketFrames()
        for byte in bytes.dropLast() { frames.pass(ByteBuffer(bytes: [byte])) }
        #expect(!frames.isBetweenFrames)
        frames.pass(ByteBuffer(bytes: [bytes[bytes.count - 1]]))
        #expect(frames.isBetweenFrames)
    }

    @Test func passingStopsAtTheEndOfTheFrameThatHasBegun() {
        var frames = WebSocketFrames()
        frames.pass(ByteBuffer(bytes: [0x81, 0x05, 0x48]))
        let rest = ByteBuffer(bytes: [0x65, 0x6c, 0x6c, 0x6f, 0x81, 0x01, 0x21])
        #expect(frames.pass(rest, stoppingBetweenFrames: true) == 4)
        #expect(frames.pass(rest, stoppingBetweenFrames: true) == 0)
    }

    @Test func anyLengthIsPassedWithoutOverflow() {
        var frames = WebSocketFrames()
        frames.pass(ByteBuffer(bytes: [0x82, 0xFF] + [UInt8](repeating: 0xFF, count: 12)))
        #expect(frames.pass(ByteBuffer(repeating: 1, count: 1000)) == 1000)
        #expect(!frames.isBetweenFrames)
    }

    @Test func aCloseFrameHasItsCodeAndIsMaskedForApplications() {
        #expect(
            WebSocketFrames.close(1008, "ok", masked: false) == ByteBuffer(bytes: [0x88, 4, 0x03, 0xF0, 0x6f, 0x6b])
        )
        #expect(
            WebSocketFrames.close(1008, "ok", masked: true)
                == ByteBuffer(bytes: [0x88, 0x84, 0, 0, 0, 0, 0x03, 0xF0, 0x6f, 0x6b])
        )
    }
}
