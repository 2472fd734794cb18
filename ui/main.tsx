/** The door of the web page. State first, then React: a deep link is read before anything is drawn. */
import { createRoot } from 'react-dom/client';
import './shell/css/tokens.css';
import './shell/css/base.css';
import './shell/css/frame.css';
import './shell/css/list.css';
import './shell/css/overview.css';
import './shell/css/flows.css';
import './shell/css/dialogs.css';
import { App } from './shell/app.tsx';
import { startAddress } from './state/address.ts';
import { startLighting } from './state/lighting.ts';
import { startLoading } from './state/load.ts';
import { startPins } from './state/pins.ts';
import { startTheme } from './state/theme.ts';

startTheme();
startAddress();
startLighting();
startPins();
startLoading();
createRoot(document.getElementById('root')!).render(<App />);
