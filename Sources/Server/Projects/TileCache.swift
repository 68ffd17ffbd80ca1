import Synchronization

/// Finished tiles by their address, with the revision of the image they show; the oldest go when memory is used up.
final class TileCache: Sendable {
    struct Tile { var revision: Int64; var bytes: [UInt8] }

    private struct State {
        var tiles: [String: Tile] = [:]
        var order: [String] = []
        var first = 0
        var bytes = 0
    }
    private let state = Mutex(State())
    private let byteLimit: Int

    init(byteLimit: Int) { self.byteLimit = byteLimit }

    subscript(key: String) -> Tile? { state.withLock { $0.tiles[key] } }

    func insert(_ tile: Tile, for key: String) {
        guard tile.bytes.count < byteLimit / 8 else { return }
        state.withLock { state in
            if let old = state.tiles.updateValue(tile, forKey: key) {
                state.bytes -= old.bytes.count
            } else {
                state.order.append(key)
            }
            state.bytes += tile.bytes.count
            while state.bytes > byteLimit, state.first < state.order.count {
                state.bytes -= state.tiles.removeValue(forKey: state.order[state.first])?.bytes.count ?? 0
                state.first += 1
            }
            if state.first > 1000 {
                state.order.removeFirst(state.first)
                state.first = 0
            }
        }
    }
}
