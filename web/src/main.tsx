import './style/main.css';
import { render } from 'preact';
import { resume } from './access.ts';
import { App } from './app.tsx';
import { listenToAddress } from './router.ts';

const place = document.getElementById('app');
if (place) {
  listenToAddress();
  render(<App />, place);
  void resume();
}
