import Operations
import Pipeline
import Raster

extension Vignettes {
    /// - Parameter mask: the object in the image's pixels.
    package func picture(of mask: Mask) -> AnyImage {
        let box = mask.boundingBox.expanded(by: margin).intersection(image.bounds)
        var picture = VignettePicture(
            pixels: image.cropped(to: box), mask: mask.clipped(to: box).translated(x: -box.x, y: -box.y), pixelSize: pixelSize)
        for step in steps { step.draw(on: &picture) }
        return picture.pixels
    }
}
