/** The worker Flowport's store writes through, where it is told to. */
import { serveOpfsWrites } from '@flowport/presets/opfs-browser'

serveOpfsWrites()
