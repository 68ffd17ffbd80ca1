import Codecs
import Operations
import Raster

/// Frames to be put together, read when they are needed.
package struct StitchInput: Sendable {
    package struct Frame: Sendable, Equatable {
        package var name: String
        package var width: Int
        package var height: Int
        package var channels: Int
        package var bitsPerSample: Int

        package init(name: String, width: Int, height: Int, channels: Int, bitsPerSample: Int) {
            (self.name, self.width, self.height, self.channels, self.bitsPerSample) = (name, width, height, channels, bitsPerSample)
        }
    }

    package let frames: [Frame]
    /// A whole frame. Called once for each frame in the good case, from several threads; throws what a bad file causes.
    package let pixels: @Sendable (Int) throws -> AnyImage
    /// The frame's rows from top to bottom, for the mosaic.
    package let rows: @Sendable (Int) throws -> any ImageRowReader

    package init(frames: [Frame], pixels: @escaping @Sendable (Int) throws -> AnyImage, rows: @escaping @Sendable (Int) throws -> any ImageRowReader) {
        (self.frames, self.pixels, self.rows) = (frames, pixels, rows)
    }
}

/// What is known of where frames lie before they are compared.
package enum StitchPrior: Sendable, Equatable {
    package struct Cell: Sendable, Hashable {
        package var row: Int
        package var column: Int
        package init(row: Int, column: Int) { (self.row, self.column) = (row, column) }
    }

    /// Nothing: every frame is compared with every other.
    case none
    /// Row and column of each frame; nil for a frame without.
    case grid([Cell?])
    /// Top left corner of each frame in pixels, for example from the stage, and how far it may be wrong.
    case positions([Displacement?], tolerance: Double)
}

/// How frames are put together.
package struct StitchSettings: Sendable, Equatable {
    /// Share of a frame's side that neighbours in a grid have in common; nil to look for it, from 3 to 50 %.
    package var overlap: Double?
    /// How far a frame may lie from where the grid has it, as share of its side.
    package var tolerance = 0.08
    package var blend = MosaicWeights.Blend.seam
    /// Width of the transition at a seam to each side, in pixels.
    package var transition = 12
    /// Divide by the light that all frames have in common.
    package var evensLight = true
    /// Bring the frames to one brightness.
    package var balances = true
    /// Leave out frames that are placed by grid or stage only.
    package var wantsOnlyMeasured = false
    /// Bytes of frames held at a time, besides those that are worked on.
    package var memory = 1 << 30

    package init() {}
}
