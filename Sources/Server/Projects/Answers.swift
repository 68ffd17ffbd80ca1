import Pipeline

/// Answers to requests that carry a key, so that one that is sent again, because its answer was lost, is not done twice.
actor Answers {
    private var tasks: [String: Task<JSONValue, any Error>] = [:]
    private var order: [String] = []

    /// The answer to the first request with this key; one that failed may be tried again.
    func once(_ key: String?, _ body: @escaping @Sendable () async throws -> JSONValue) async throws -> JSONValue {
        guard let key else { return try await body() }
        if let task = tasks[key] { return try await task.value }
        let task = Task { try await body() }
        tasks[key] = task
        order.append(key)
        if order.count > 1000 { tasks[order.removeFirst()] = nil }
        do { return try await task.value } catch {
            tasks[key] = nil
            throw error
        }
    }
}
