/// Sizes of an image's levels: the last is the image itself, each before it half as wide and high, rounded up, until one tile holds it.
package struct PyramidLayout: Sendable, Equatable {
    package struct Level: Sendable, Equatable {
        package var width: Int
        package var height: Int
        /// Tiles across and down.
        package var columns: Int
        package var rows: Int
    }

    package let tileSize: Int
    /// From the one that fits one tile to the native one.
    package let levels: [Level]

    package init(width: Int, height: Int, tileSize: Int) {
        precondition(width > 0 && height > 0 && tileSize > 0, "no pyramid of \(width) × \(height) in tiles of \(tileSize)")
        var (width, height) = (width, height)
        var levels: [Level] = []
        while true {
            levels.append(
                Level(
                    width: width, height: height, columns: (width + tileSize - 1) / tileSize, rows: (height + tileSize - 1) / tileSize))
            if width <= tileSize && height <= tileSize { break }
            (width, height) = ((width + 1) / 2, (height + 1) / 2)
        }
        self.tileSize = tileSize
        self.levels = levels.reversed()
    }

    /// Size of tile (x, y) of level z as it is shown, nil outside the level. Tiles at the right and lower edge are cropped.
    package func tile(z: Int, x: Int, y: Int) -> (width: Int, height: Int)? {
        guard levels.indices.contains(z), x >= 0, y >= 0, x < levels[z].columns, y < levels[z].rows else { return nil }
        return (min(tileSize, levels[z].width - x * tileSize), min(tileSize, levels[z].height - y * tileSize))
    }
}
