import Glibc
import JSON
import UnixSignals

/// Waits until somebody ends the program (SIGINT, SIGTERM), or until the gateway is gone.
func waitForEnd(or gateway: DemoGateway? = nil) async {
    await withTaskGroup(of: Void.self) { group in
        group.addTask {
            for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) { return }
        }
        if let gateway {
            group.addTask {
                while gateway.isRunning, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(200)) }
            }
        }
        await group.next()
        group.cancelAll()
    }
}

/// Prints a JSON value on a line of its own, at once even when standard output is a pipe.
func printLine(_ value: JSON) {
    print(String(decoding: value.bytes, as: UTF8.self))
    fflush(nil)
}
