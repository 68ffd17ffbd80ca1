/// Who does parts of a long work side by side, and hears how far it is.
package protocol ParallelWork: Sendable {
    /// Runs `body` for each item, a few at a time; results in the order of the items.
    func concurrently<Item: Sendable, Result: Sendable>(
        _ items: [Item], _ body: @escaping @Sendable (Item) async throws -> Result
    ) async throws -> [Result]

    /// Throws when the work is no longer wanted.
    func progress(_ done: Int, of total: Int) throws
}
