import Synchronization

/// Finished tiles by their address; the oldest go when memory is used up.
final class TileCache: Sendable {
    private struct State {
        var tiles: [String: [UInt8]] = [:]
        var order: [String] = []
        var first = 0
        var bytes = 0
    }
    private let state = Mutex(State())
    private let byteLimit: Int

    init(byteLimit: Int) { self.byteLimit = byteLimit }

    subscript(key: String) -> [UInt8]? { state.withLock { $0.tiles[key] } }

    func insert(_ tile: [UInt8], for key: String) {
        state.withLock { state in
            guard tile.count < byteLimit / 8, state.tiles.updateValue(tile, forKey: key) == nil else { return }
            state.order.append(key)
            state.bytes += tile.count
            while state.bytes > byteLimit, state.first < state.order.count {
                state.bytes -= state.tiles.removeValue(forKey: state.order[state.first])?.count ?? 0
                state.first += 1
            }
            if state.first > 1000 {
                state.order.removeFirst(state.first)
                state.first = 0
            }
        }
    }
}
