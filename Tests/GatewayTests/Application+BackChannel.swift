import BackChannel

extension Application {
    /// Runs `body` beside an application and a back channel to ask it over, and ends both.
    static func run(
        _ answers: @escaping Answers,
        beside body: (Application, BackChannel) async throws -> Void
    ) async throws {
        let application = try await Application(answers)
        let backChannel = try BackChannel()
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(application, backChannel))
        } catch {
            result = .failure(error)
        }
        backChannel.shutDown()
        try await application.stop()
        try result.get()
    }
}
